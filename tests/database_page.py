"""The published table of a database's types, written from a run: ``make types``."""

import contextlib
import sys
import tempfile
from pathlib import Path

import sqlalchemy

from hexa_kernels import database_engine, db_read, db_write, environment
from hexa_kernels.errors import ValueOutOfRangeError
from hexa_kernels.local import postgres, workspace_yaml

from . import r_database_page, table_cases
from .conftest import ROOT, database_variables

PAGES = {language: ROOT / f"docs/{language}/database.md" for language in ("en", "fr")}
MARK = "<!-- Below, Python's part, written by `make types` from a run. -->\n"
HAND = "<!-- Below, by hand. -->\n"
HEADS = {
    "en": ["PostgreSQL", "pandas", "Arrow", "in a new table"],
    "fr": ["PostgreSQL", "pandas", "Arrow", "dans une table neuve"],
}
REFUSED = {
    "en": "Refused, with `value_out_of_range`: {values}",
    "fr": "Refusé, avec `value_out_of_range` : {values}",
}
ZONE = {"WORKSPACE_DATABASE_URL": "postgresql:///?options=-ctimezone%3DAfrica/Nairobi"}


def set_up():
    """Make the types of the cases, once a database."""
    engine = database_engine()
    for statement in table_cases.SETUP:
        with contextlib.suppress(sqlalchemy.exc.ProgrammingError):  # it is there
            execute(statement, engine)


def execute(statement, engine=None):
    with (engine or database_engine()).begin() as connection:
        connection.exec_driver_sql(statement.replace("%", "%%"))


def collect():
    """Read every case and write it into a new table; give rows of facts by type."""
    facts = []
    for type_, values in {**table_cases.CASES, **table_cases.MAPS}.items():
        query = table_cases.rows(type_, values)
        frame = db_read(query)
        db_write(frame, "page", if_exists="replace")
        made = db_read(
            "SELECT format_type(atttypid, atttypmod) AS type "
            "FROM pg_attribute WHERE attrelid = 'page'::regclass "
            "AND attnum = 1"
        )
        arrow = db_read(query, as_="arrow").schema.field("x").type
        facts.append([type_, str(frame["x"].dtype), str(arrow), made["type"][0]])
    return facts


def refused():
    """Give the values that are refused, by type."""
    found = {}
    for type_, values in table_cases.REFUSED.items():
        for value in values:
            try:
                db_read(table_cases.rows(type_, [value]))
            except ValueOutOfRangeError:
                short = value if len(value) < 40 else f"{len(value)} × {value[0]}"
                found.setdefault(type_, []).append(short)
    return found


def render(language, facts, refused):
    """Give the page of one language, with Python's table in its place."""
    lines = [f"| {' | '.join(HEADS[language])} |", "|---" * 4 + "|"]
    lines += ["| " + " | ".join(f"`{cell}`" for cell in row) + " |" for row in facts]
    values = "; ".join(
        f"{type_} " + ", ".join(f"`{value}`" for value in found)
        for type_, found in refused.items()
    )
    above, _, rest = PAGES[language].read_text("utf-8").partition(MARK)
    own = "\n".join([*lines, "", REFUSED[language].format(values=values) + ".", "", ""])
    return above + MARK + "\n" + own + HAND + rest.partition(HAND)[2]


def main():
    folder = Path(tempfile.mkdtemp(prefix="hexa-types-"))
    folder.chmod(0o755)
    database = workspace_yaml.Database(
        "127.0.0.1", postgres.free_port(), "demo", "types", "types"
    )
    with (
        postgres.Server(folder, database),
        environment.applied({**database_variables(database), **ZONE}),
    ):
        set_up()
        facts, outside = collect(), refused()
        rows = r_database_page.rows(database_variables(database))
        database_engine().dispose()
    for language, path in PAGES.items():
        path.write_text(render(language, facts, outside), encoding="utf-8")
        page = r_database_page.render(path, language, rows)
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
