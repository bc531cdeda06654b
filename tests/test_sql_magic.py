"""SQL cells of a Python notebook, in a real kernel on a real server."""

import time

import pytest

from hexa_kernels.sql_script import split

from .conftest import database_variables


@pytest.fixture
def admin(running_database):
    """A connection of our own, to look at the server from outside."""
    with running_database._connect(running_database.database.name) as connection:
        yield connection


@pytest.fixture
def cases(admin):
    admin.execute("DROP TABLE IF EXISTS cases, made")
    admin.execute(
        "CREATE TABLE cases (id bigint, district text, year int, rate numeric(6,2))"
    )
    admin.execute(
        "INSERT INTO cases VALUES (1, 'Bobo', 2023, 1.50), (NULL, 'Pô', 2024, 2.25)"
    )
    return admin


@pytest.fixture(scope="module")
def shared_notebook(shared_kernel, running_database):
    return shared_kernel(
        "openhexa-python", database_variables(running_database.database)
    )


@pytest.fixture
def notebook(shared_notebook, cases):
    """A notebook that other tests use too: what they named is still there."""
    return shared_notebook


@pytest.fixture
def new_notebook(kernel, database, files, cases):
    return kernel("openhexa-python")


RULE = "CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO u VALUES (1); SELECT 1)"
ATOMIC = """CREATE OR REPLACE FUNCTION sign_of(x int) RETURNS text LANGUAGE sql
BEGIN ATOMIC
  SELECT 1;
  SELECT CASE WHEN x < 0 THEN '-' ELSE CASE x WHEN 0 THEN '0' ELSE '+' END END;
END"""
QUOTED = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$"

# Statements -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", []),
        (" ;; -- no\n ; /* ; */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT \";\"", ["SELECT ';'", 'SELECT ";"']),
        ("SELECT 'it''s;'; SELECT E'\\';'", ["SELECT 'it''s;'", "SELECT E'\\';'"]),
        ("SELECT $$a;b$$; SELECT $x$;$$;$x$", ["SELECT $$a;b$$", "SELECT $x$;$$;$x$"]),
        ("SELECT 1 -- a; b\n; SELECT 2", ["SELECT 1 -- a; b", "SELECT 2"]),
        ("/* a /* b; */ ; */ SELECT 1;", ["/* a /* b; */ ; */ SELECT 1"]),
        ("SELECT 1 /* ; /**//***/ */; X", ["SELECT 1 /* ; /**//***/ */", "X"]),
        ("SELECT a$b$; SELECT $b$;$b$", ["SELECT a$b$", "SELECT $b$;$b$"]),
        ("SELECT U&'\\0061;', B'1;'; X", ["SELECT U&'\\0061;', B'1;'", "X"]),
        (f"{RULE}; SELECT 1", [RULE, "SELECT 1"]),
        (f"{ATOMIC}; SELECT 1", [ATOMIC, "SELECT 1"]),
        ("BEGIN; SELECT 1; END; X", ["BEGIN", "SELECT 1", "END", "X"]),
        ("SELECT CASE WHEN a THEN 1 END; X", ["SELECT CASE WHEN a THEN 1 END", "X"]),
        (f"{QUOTED}; SELECT 1", [QUOTED, "SELECT 1"]),
    ],
)
def test_a_script_is_cut_where_a_statement_ends(script, statements):
    assert [statement.strip() for statement in split(script)] == statements


@pytest.mark.parametrize("opened", ["/*" * 5000, "(" * 5000, "'" * 5001, "$$" * 5001])
def test_what_is_never_closed_is_one_statement(opened):
    assert split(f"SELECT 1; {opened} x; y")[0] == "SELECT 1"


# A cell ------------------------------------------------------------------------------


def test_the_result_is_a_frame_that_is_shown(notebook):
    assert "Bobo" in notebook.result("%%sql\nSELECT * FROM cases ORDER BY year")
    assert notebook.result("type(_).__name__, _.shape") == "('DataFrame', (2, 4))"


def test_types_are_those_of_db_read(notebook):
    notebook.result("%%sql -o f\nSELECT * FROM cases ORDER BY year")
    same = "from hexa_kernels import db_read\nf.equals(db_read('cases'))"
    assert notebook.result(same) == "True"
    assert notebook.result("str(f.id.dtype)") == "'Int64'"


@pytest.mark.parametrize(
    ("kind", "name"), [("polars", "DataFrame"), ("arrow", "Table")]
)
def test_other_frames_are_given(kind, name, notebook):
    notebook.result(f"%%sql -o f --as {kind}\nSELECT * FROM cases")
    shown = notebook.result("type(f).__module__.split('.')[0], type(f).__name__")
    assert shown == f"('{ {'arrow': 'pyarrow'}.get(kind, kind) }', '{name}')"


def test_values_are_those_of_variables_and_never_text(notebook):
    notebook.result("year = 2024; names = ['Pô', \"x'; DROP TABLE cases; --\"]")
    cell = "%%sql -o f\nSELECT id, ':year' AS t, year::text AS y FROM cases\n"
    notebook.result(f"{cell}WHERE year = :year AND district = ANY(:names);")
    assert notebook.result("f.values.tolist()") == "[[<NA>, ':year', '2024']]"


def test_a_variable_that_is_missing_is_named(notebook):
    error = notebook.error("%%sql\nSELECT * FROM cases WHERE year = :nobody")
    assert "the notebook has no variable nobody" in error


def test_statements_of_a_cell_share_a_session(notebook):
    code = """%%sql
    CREATE TEMP TABLE part ON COMMIT DROP AS SELECT * FROM cases;
    DELETE FROM part WHERE year = 2023;  -- one; of two
    SELECT count(*) AS n FROM part
    """
    notebook.result(code)
    assert notebook.result("_.n.tolist()") == "[1]"


def test_a_cell_is_one_transaction(notebook, cases):
    error = notebook.error("%%sql\nINSERT INTO cases VALUES (9); SELECT 1 / 0")
    assert "division by zero" in error
    assert cases.execute("SELECT count(*) FROM cases").fetchone() == (2,)
    assert "1 rows changed" in notebook.result("%%sql\nINSERT INTO cases VALUES (9)")
    assert cases.execute("SELECT count(*) FROM cases").fetchone() == (3,)


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("INSERT INTO cases VALUES (7) RETURNING id, 2.5", "[[7, 2.5]]"),
        ("DELETE FROM cases RETURNING '::1'::inet", "[['::1/128'], ['::1/128']]"),
        ("WITH d AS (DELETE FROM cases RETURNING id) SELECT count(*) FROM d", "[[2]]"),
        ("SHOW server_encoding", "[['UTF8']]"),
        ("EXPLAIN SELECT 1", "[['Result  (cost=0.00..0.01 rows=1 width=4)']]"),
        ("VALUES (1, 'a'), (2, 'b')", "[[1, 'a'], [2, 'b']]"),
        ("TABLE cases LIMIT 0", "[]"),
        ("(SELECT 1) UNION ALL SELECT 2", "[[1], [2]]"),
    ],
)
def test_every_statement_that_gives_rows_shows_them(statement, shown, notebook):
    notebook.result(f"%%sql -o f\n{statement}")
    assert (
        notebook.result("f.values.tolist()").replace("Decimal('2.5')", "2.5") == shown
    )


def test_what_a_change_returns_is_refused_rather_than_shown_wrong(notebook, cases):
    code = "WITH d AS (DELETE FROM cases) SELECT '::1'::inet AS address"
    error = notebook.error(f"%%sql\n{code}")
    assert "UnsupportedColumnError" in error
    assert "address" in error
    assert cases.execute("SELECT count(*) FROM cases").fetchone() == (2,)


def test_what_gives_no_rows_says_so(notebook):
    assert notebook.result("%%sql\nCREATE TABLE made (x int)") == "Done."
    assert notebook.result("%%sql\nUPDATE cases SET id = 5") == "2 rows changed."


def test_an_error_marks_the_place(notebook):
    error = notebook.error("%%sql\nSELECT distrikt\nFROM cases")
    assert "1: SELECT distrikt\n          ^" in error


def test_a_place_is_counted_from_the_begin_of_the_cell(notebook):
    error = notebook.error("%%sql\nSELECT 1;\nSELECT 2; SELECT distrikt FROM cases")
    shown = error[error.rindex("2: ") :].splitlines()
    place = len("2: SELECT 2; SELECT ")
    assert shown[0].index("distrikt") == shown[1].index("^") == place


def test_functions_of_the_standard_s_form_are_made(notebook):
    notebook.result(f"%%sql -o f\n{ATOMIC}; SELECT sign_of(-2) AS s")
    assert notebook.result("f.s.tolist()") == "['-']"


def test_a_missing_table_has_its_nearest_names(notebook):
    assert "Similar names: cases" in notebook.error("%%sql\nSELECT * FROM casse")


def test_a_line_gives_its_result(notebook):
    assert notebook.result("f = %sql SELECT 1 + 1 AS two\nf.two.tolist()") == "[2]"
    assert notebook.result("n = 4\nf = %sql SELECT :n + 1 AS x\nf.x.tolist()") == "[5]"


def test_the_result_crosses_to_r(notebook):
    notebook.result("%%sql -o cases\nSELECT * FROM cases ORDER BY year")
    code = "%%R -i cases\ncat(class(cases$district), sum(cases$rate), nrow(cases))"
    assert notebook.result(code) == "character 3.75 2"


# Where it runs -----------------------------------------------------------------------


def test_a_connection_is_chosen_by_its_identifier(kernel, database, files, setenv):
    setenv(
        {
            "POLIO_DB": "postgresql",
            "POLIO_DB_HOST": database.host,
            "POLIO_DB_PORT": str(database.port),
            "POLIO_DB_USERNAME": database.username,
            "POLIO_DB_PASSWORD": database.password,
            "POLIO_DB_DB_NAME": "postgres",
        }
    )
    notebook = kernel("openhexa-python")
    notebook.result("%%sql -c polio-db -o f\nSELECT current_database() AS name")
    assert notebook.result("f['name'][0]") == "'postgres'"
    assert database.password not in notebook.error("%%sql -c nobody\nSELECT 1")


def test_a_plain_kernel_has_it_too(kernel, database, files):
    plain = kernel("python3")
    plain.result("%load_ext hexa_kernels")
    plain.result("%%sql -o f\nSELECT 1 AS one")
    assert plain.result("f.one.tolist()") == "[1]"


def test_nothing_is_loaded_before_the_first_sql_cell(new_notebook):
    heavy = "('pyarrow', 'sqlalchemy', 'pandas', 'hexa_kernels.session')"
    loaded = f"[m for m in {heavy} if m in __import__('sys').modules]"
    magic = "get_ipython().find_cell_magic('sql') is not None"
    assert new_notebook.result(magic) == "True"
    assert new_notebook.result(loaded) == "[]"


def test_tables_and_columns_are_completed_once_a_cell_has_run(new_notebook):
    notebook = new_notebook
    assert "cases" not in notebook.complete("%%sql\nSELECT * FROM cas")
    notebook.result("%%sql\nSELECT 1")
    assert "cases" in notebook.complete("%%sql\nSELECT * FROM cas")
    assert "public.cases" in notebook.complete("%%sql\nSELECT * FROM public.c")
    assert "district" in notebook.complete("%%sql\nSELECT distr")
    assert "import" in notebook.complete("impor")


def test_completion_says_nothing_of_a_server_that_is_gone(new_notebook):
    notebook = new_notebook
    notebook.result("%%sql\nSELECT 1")
    notebook.result("import os; os.environ['WORKSPACE_DATABASE_PORT'] = '1'")
    complete = "from hexa_kernels.kernel import sql_magic\nsql_magic.complete"
    assert notebook.result(f"{complete}('', 'cas')") == "[]"
    assert notebook.result(f"{complete}('-c', 'cas')") == "[]"


def test_an_interrupt_cancels_on_the_server(notebook, cases):
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
    running += " AND query LIKE '%pg_sleep(55)%' AND pid <> pg_backend_pid()"
    request = notebook.client.execute("%%sql\nSELECT pg_sleep(55)", stop_on_error=False)
    wait_for(lambda: cases.execute(running).fetchone() == (1,))
    notebook.manager.interrupt_kernel()
    while True:
        reply = notebook.client.get_shell_msg(timeout=20)
        if reply["parent_header"]["msg_id"] == request:
            break
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    wait_for(lambda: cases.execute(running).fetchone() == (0,))
    assert notebook.result("%sql SELECT 1 AS one") is not None


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
