"""PostgreSQL types and values of them: what is read, written back, or refused."""

AWKWARD = [
    *("", " ", "NULL", "null", "NA", "\\N", "\\.", "\\", "'", '"', '""', "''"),
    *("\t", "\r", "\n", "\r\n", "a,b;c|d", "%s %(x)s", "$1", ":x", "::", "{a}", "--"),
    *("/* */", "é", "e\u0301", "Ouagadougou – été", "日本", "😀", "\u2028", "\x01"),
    *("\x7f", "\u200b", "\ufeff", "\U0010ffff", "ß", "İ", "x" * 100_000),
]
# Every value comes back as the same text; None is NULL.
CASES = {
    "smallint": ["-32768", "32767", None],
    "integer": ["-2147483648", "2147483647", None],
    "bigint": ["-9223372036854775808", "9223372036854775807", None],
    "real": ["1.5", "NaN", "Infinity", "-Infinity", "3.4028235e+38", "1e-45", None],
    "double precision": ["0.1", "NaN", "Infinity", "-Infinity", "5e-324", "-0", None],
    "numeric(38,10)": ["1234567890123456789012345678.0123456789", "-0.5", None],
    "numeric(70,2)": ["9" * 68 + ".99", None],
    "numeric(3,5)": ["0.00123", None],
    "numeric(4,-2)": ["123400", None],
    "numeric": ["0.1", "-12345678901234567890.0123456789", "100", None],
    "money": ["$12.50", None],
    "oid": ["4294967295", None],
    "boolean": ["true", "false", None],
    "text": [*AWKWARD, None],
    "character varying(5)": ["été", None],
    "character(3)": ["ab ", None],
    "bytea": ["\\x", "\\x00ff5c", None],
    "uuid": ["f5b3f8cb-33ed-4664-b321-85d04c397c1f", None],
    "json": ['{"b": 1,  "a": null}', "null", None],
    "jsonb": ['{"a": null, "b": [1.50]}', None],
    "mood": ["ok", "très bien", None],
    "date": ["0001-01-01", "1899-12-31", "9999-12-31", None],
    "timestamp without time zone": [
        *("0001-01-01 00:00:00", "1969-12-31 23:59:59.999999"),
        *("9999-12-31 23:59:59.999999", None),
    ],
    "timestamp with time zone": [
        *("1960-01-01 00:00:00+03", "2024-02-29 12:00:00.000001+03", None)
    ],
    "time without time zone": ["00:00:00", "23:59:59.999999", None],
    "time with time zone": ["10:00:00+02", None],
    "interval": ["36:00:00.000001", "-00:00:01", None],
    "integer[]": ["{1,NULL,-3}", "{}", None],
    "bigint[]": ["{9223372036854775807}", None],
    "text[]": ['{"a,b",NULL,"NULL","\\""}', None],
    "date[]": ["{2024-01-31,NULL}", None],
    "numeric(10,2)[]": ["{1.50,NULL}", None],
    "inet": ["192.168.0.1/24", None],
    "int4range": ["[1,5)", "empty", None],
    "bit(3)": ["101", None],
    "xml": ["<a>é</a>", None],
    "point": ["(1,2)", None],
    "positive": ["1", None],
}
# As EWKT.
MAPS = {
    "geometry(Point,4326)": ["SRID=4326;POINT(-1.5 12.25)", None],
    "geometry(MultiPolygon,32630)": [
        "SRID=32630;MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))"
    ],
    "geometry(PointZ,4326)": ["SRID=4326;POINT(1 2 3)"],
    "geometry": ["POINT(1 2)", "LINESTRING EMPTY"],
    "geography(Point,4326)": ["SRID=4326;POINT(-1.5 12.25)", None],
}
REFUSED = {
    "date": ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01"],
    "date[]": ["{infinity}"],
    "timestamp without time zone": ["infinity", "-infinity", "0044-03-15 00:00:00 BC"],
    "timestamp with time zone": ["infinity", "-infinity", "10001-01-01 00:00:00+00"],
    "time without time zone": ["24:00:00"],
    "numeric": ["NaN", "Infinity", "1" * 77],
    "numeric(10,2)": ["NaN"],
    "interval": ["1 mon", "-1 year 2 days"],
    "integer[]": ["{{1},{2}}"],
}
SETUP = [
    "CREATE TYPE mood AS ENUM ('ok', 'très bien')",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "CREATE EXTENSION postgis",
]


def literal(text: str | None, type_: str) -> str:
    """Write a value of a case as SQL."""
    if text is None:
        return f"NULL::{type_}"
    return "'" + text.replace("'", "''") + f"'::{type_}"


def rows(type_: str, values: list[str | None]) -> str:
    """Write a statement that selects the values, in order."""
    numbered = enumerate(literal(value, type_) for value in values)
    union = " UNION ALL ".join(
        f"SELECT {at} AS at, {text} AS x" for at, text in numbered
    )
    return f"SELECT x FROM ({union}) AS t ORDER BY at"
