"""Paths in the middle of a text: of commands, of SQL, of addresses."""

import pytest

HEAD = "import os, subprocess, duckdb\nfrom sqlalchemy import create_engine, text\n"
HOLDS = "text_holds_it"


@pytest.fixture
def told(examined):
    """Give a function that tells rule, replacement and reason of what is found."""

    def tell(suffix, code):
        result = examined(suffix, (HEAD if suffix == ".py" else "") + f"{code}\n")
        return [(one.rule, one.replacement, one.reason) for one in result.findings]

    return tell


@pytest.mark.parametrize(
    ("suffix", "code", "replacement"),
    [
        # Commands
        (".R", 'system("ls ~/workspace")', 'paste0("ls ", workspace_path())'),
        (
            ".R",
            'system(paste0("cp /home/hexa/workspace/a ", x))',
            'paste0("cp ", workspace_path(), "/a ")',
        ),
        (".R", 'system(sprintf("cp ~/workspace/%s .", x))', "workspace_path()"),
        (
            ".R",
            'system(glue("cp ~/workspace/{x} ."))',
            '"cp {workspace_path()}/{x} ."',
        ),
        (
            ".R",
            'system2("tar", args = "-C ~/workspace -x")',
            'paste0("-C ", workspace_path(), " -x")',
        ),
        (
            ".R",
            'cmd <- "ls /home/hexa/workspace"\nsystem(cmd)',
            'paste0("ls ", workspace_path())',
        ),
        (
            ".R",
            'x <- fread(cmd = "zcat ~/workspace/a.gz")',
            'paste0("zcat ", workspace_path(), "/a.gz")',
        ),
        (".py", 'os.system("ls ~/workspace")', 'f"ls {workspace_path()}"'),
        (
            ".py",
            "subprocess.run(f'cp ~/workspace/{x} .', shell=True)",
            "f'cp {workspace_path()}/{x} .'",
        ),
        (
            ".py",
            'subprocess.run(["bash", "-c", "ls $HOME/workspace"])',
            'f"ls {workspace_path()}"',
        ),
        (".py", 'os.system("cp ~/workspace/%s ." % x)', "workspace_path()"),
        (".py", 'os.system("cp ~/workspace/{} .".format(x))', "workspace_path()"),
        (".py", "os.system('awk \"{print}\" ~/workspace/a')", "workspace_path()"),
        (".py", 'os.system("ls "\n  "~/workspace")', "workspace_path()"),
        # A program of the workspace, and what it is given
        (
            ".py",
            'os.system("~/workspace/run.sh -x")',
            'f"{workspace_path()}/run.sh -x"',
        ),
        # SQL
        (
            ".R",
            "dbGetQuery(con, \"SELECT * FROM '/home/hexa/workspace/a.csv'\")",
            'paste0("SELECT * FROM \'", workspace_path(), "/a.csv\'")',
        ),
        (
            ".R",
            "dbExecute(con, glue_sql(\"COPY t TO '~/workspace/a'\", .con = con))",
            "workspace_path()",
        ),
        (
            ".py",
            "duckdb.sql(\"COPY t TO '/home/hexa/workspace/a.parquet'\")",
            "f\"COPY t TO '{workspace_path()}/a.parquet'\"",
        ),
        (
            ".py",
            "q = \"SELECT * FROM '/home/hexa/workspace/a.csv'\"\ncon.execute(q)",
            "f\"SELECT * FROM '{workspace_path()}/a.csv'\"",
        ),
        (
            ".py",
            "con.execute(text(\"COPY t FROM '/home/hexa/workspace/a'\"))",
            "f\"COPY t FROM '{workspace_path()}/a'\"",
        ),
        (
            ".py",
            "con.execute('''\nCOPY t TO '/home/hexa/workspace/a'\n''')",
            "workspace_path()",
        ),
        # Addresses
        (
            ".py",
            'x = f"file:///home/hexa/workspace/{y}.csv"',
            'f"file://{workspace_path()}/{y}.csv"',
        ),
        (
            ".py",
            'e = create_engine("sqlite:////home/hexa/workspace/x.db")',
            'f"sqlite:///{workspace_path()}/x.db"',
        ),
        (
            ".py",
            "x = r'/vsizip//home/hexa/workspace/a.zip'",
            "fr'/vsizip/{workspace_path()}/a.zip'",
        ),
        (
            ".R",
            'x <- st_read("/vsizip//home/jovyan/workspace/a.zip")',
            'paste0("/vsizip/", workspace_path(), "/a.zip")',
        ),
        (
            ".R",
            'x <- paste0("file:///home/hexa/workspace/", y)',
            'paste0("file://", workspace_path(), "/")',
        ),
        # An f-string of pieces
        (".py", 'x = f"/home/hexa/" f"workspace/{y}"', "workspace_path()"),
    ],
)
def test_a_path_in_a_text_is_advice(suffix, code, replacement, told):
    assert told(suffix, code) == [("workspace-path", replacement, HOLDS)]


def test_a_text_with_both_folders_is_found_for_each(told):
    new = 'f"cp {workspace_path()}/a {tmp_path()}"'
    assert told(".py", 'os.system("cp ~/workspace/a ~/tmp")') == [
        ("workspace-path", new, HOLDS),
        ("tmp-path", new, HOLDS),
    ]


def test_what_begins_an_f_string_is_changed_and_the_rest_is_advice(told):
    code = 'os.system(f"~/workspace/run.sh {x} ~/tmp")'
    assert told(".py", code) == [
        ("workspace-path", 'f"{workspace_path()}/run.sh {x} ~/tmp"', ""),
        ("tmp-path", 'f"{workspace_path()}/run.sh {x} {tmp_path()}"', HOLDS),
    ]


@pytest.mark.parametrize(
    ("suffix", "code", "replacement"),
    [
        (".py", 'os.system("~/workspace/run.sh")', 'workspace_path("run.sh")'),
        (
            ".py",
            'subprocess.run(["cp", "~/workspace/a b.csv"])',
            'workspace_path("a b.csv")',
        ),
        (".R", 'system(paste("ls", "~/workspace"))', "workspace_path()"),
        (".R", 'system(shQuote("~/workspace/a b"))', 'workspace_path("a b")'),
        (
            ".R",
            'p <- "~/workspace/a b"\nsystem(paste("ls", p))',
            'workspace_path("a b")',
        ),
    ],
)
def test_a_whole_path_of_a_command_is_changed(suffix, code, replacement, told):
    assert told(suffix, code) == [("workspace-path", replacement, "")]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", 'print("Saved in /home/hexa/workspace/out")'),
        (".py", 'raise ValueError(f"Nothing in ~/workspace/{x}")'),
        (".py", 'logging.info("See file:///home/hexa/workspace/a")'),
        (".py", 'print(f"/home/hexa is above, /home/hexa/tmp/{x} below")'),
        (".py", "df.query(\"path == '/home/hexa/workspace/a'\")"),
        (".py", 'plt.text(0, 0, "Data from /home/hexa/workspace")'),
        (".py", 'x = "http://example.org/home/hexa/workspace"'),
        (".py", 'os.system("scp me@host:~/workspace/a .")'),
        (".py", 'os.system("ls ~/workspaces /srv/home/hexa/workspace")'),
        (".py", '# os.system("ls ~/workspace")'),
        (".py", 'os.system("ls")\nx = "of ~/workspace"'),
        (".py", 'os.system(f"")'),
        (".R", 'stop("Nothing in ~/workspace/a")'),
        (".R", 'cat("See file:///home/hexa/workspace/a")'),
        (".R", 'x <- "is in ~/workspace"\nmessage(x)'),
        (".R", 'x <- quote(system("ls ~/workspace"))'),
        (".R", 'text(1, 1, "Data from ~/workspace")'),
    ],
)
def test_a_text_for_people_is_left_alone(suffix, code, told):
    assert told(suffix, code) == []
