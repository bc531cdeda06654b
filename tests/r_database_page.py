"""R's rows of the page about the database: what each type of PostgreSQL becomes."""

import json
from pathlib import Path

from .server.r_session import RSession

MARK = "<!-- Below, R's part, written by `make types` from a run. -->\n"
HEADS = {
    "en": ["PostgreSQL", "R", "in a new table"],
    "fr": ["PostgreSQL", "R", "dans une table neuve"],
}
# A value of each type, as SQL.
TYPES = {
    "boolean": "true",
    "smallint": "1::int2",
    "integer": "1",
    "integer, -2147483648": "(-2147483648)::int4",
    "bigint": "1::int8",
    "bigint, > 2^31": "3000000000::int8",
    "bigint, > 2^53": "9007199254740993::int8",
    "real": "0.1::float4",
    "double precision": "0.1::float8",
    "double precision, NaN": "'NaN'::float8",
    "numeric, 15 digits": "1.50::numeric(38, 10)",
    "numeric, > 15 digits": "1234567890123456.5::numeric(38, 10)",
    "text, varchar": "'a'::text",
    "char(3)": "'a'::char(3)",
    "date": "'2024-01-31'::date",
    "date, BC": "'0044-03-15 BC'::date",
    "date, infinity": "'infinity'::date",
    "timestamp": "'2024-01-31 12:00'::timestamp",
    "timestamptz": "'2024-01-31 12:00+01'::timestamptz",
    "time": "'12:00:00.5'::time",
    "interval": "'36:00:00'::interval",
    "interval, months or days": "'1 mon 2 days'::interval",
    "bytea": "'\\x00ff'::bytea",
    "uuid": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
    "json, jsonb": "'{\"a\": 1}'::jsonb",
    "inet": "'10.0.0.1'::inet",
    "integer[]": "ARRAY[1, NULL]",
    "text[]": "ARRAY['a', NULL]",
    "geometry": "'SRID=4326;POINT(1 2)'::geometry",
}

CODE = """
types <- jsonlite::fromJSON('{types}', simplifyVector = FALSE)
lapply(types, function(sql) {
  first <- suppressMessages(db_read(paste("SELECT", sql, "AS x")))
  # A column with a missing value beside it, in a table, and back.
  table <- "CREATE TEMP TABLE page AS SELECT %s AS x UNION ALL SELECT NULL"
  openhexaR:::run_sql(con, sprintf(table, sql))
  read <- suppressMessages(db_read("SELECT * FROM page ORDER BY x"))
  suppressMessages(db_write(read, "page", if_exists = "append"))
  again <- suppressMessages(db_read("SELECT DISTINCT x FROM page"))
  openhexaR:::run_sql(con, "DROP TABLE page")
  suppressMessages(db_write(read, "page_new", if_exists = "replace"))
  made <- openhexaR:::table_columns(con, "page_new", NULL)$shown
  openhexaR:::run_sql(con, "DROP TABLE page_new")
  list(
    class = paste(class(first$x), collapse = " "),
    shown = paste(format(first$x[[1]], digits = 17), collapse = ", "),
    made = made,
    exact = nrow(as.data.frame(again)) == 2
  )
})
"""


def facts(variables: dict[str, str]) -> dict[str, dict]:
    """Read, write and read again a value of each type.

    The database must have PostGIS; ``variables`` are the workspace's.
    """
    types = json.dumps(TYPES).replace("\\", "\\\\").replace("'", "\\'")
    with RSession() as session:
        answer = session(CODE.replace("{types}", types), variables)
    assert "value" in answer, answer
    return answer["value"]


def rows(variables: dict[str, str]) -> list[str]:
    """Give the rows of a Markdown table: type, class in R, type of a new table."""
    return [
        f"| `{name}` | `{found['class']}` | `{found['made']}` |"
        for name, found in facts(variables).items()
    ]


def render(page: Path, language: str, rows: list[str]) -> str:
    """Give a page with R's table at its end."""
    head = [f"| {' | '.join(HEADS[language])} |", "|---|---|---|"]
    above = page.read_text("utf-8").partition(MARK)[0]
    return above + MARK + "\n" + "\n".join([*head, *rows, ""])
