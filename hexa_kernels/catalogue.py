"""What the database knows of its tables."""

from difflib import get_close_matches
from typing import Any

from .errors import TableMissingError
from .session import Session, open_session
from .sql import Table

TABLES = """
SELECT n.nspname AS schema, c.relname AS name,
  CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
  CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
  CASE WHEN c.relkind = 'p' THEN (
    SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree(c.oid))
    ELSE pg_total_relation_size(c.oid) END AS size_bytes,
  obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND (:schema::text IS NULL OR n.nspname = :schema)
ORDER BY n.nspname, c.relname
"""
_FIND = """
SELECT c.oid::text AS oid FROM pg_class AS c JOIN pg_namespace AS n
  ON n.oid = c.relnamespace
WHERE c.relname = $1
  AND CASE WHEN $2 IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
"""
_NAMES = """
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text
  ELSE n.nspname || '.' || c.relname END AS label
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%'
  AND n.nspname <> 'information_schema'
"""
# A domain is written as the type below it.
_COLUMNS = """
SELECT a.attname::text AS name, b.typname::text AS base, b.typtype = 'e' AS is_enum,
  format_type(m.oid, m.typmod) AS type, format_type(m.oid, -1) AS unbounded,
  a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS is_required
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (
    SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END,
      CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END) AS m(oid, typmod)
  JOIN pg_type AS b ON b.oid = m.oid
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attgenerated = ''
ORDER BY a.attnum
"""
_KEY = """
SELECT a.attname::text AS name FROM pg_index AS i,
  unnest(i.indkey) WITH ORDINALITY AS k(attnum, at), pg_attribute AS a
WHERE i.indrelid = $1::oid AND i.indisprimary AND a.attrelid = i.indrelid
  AND a.attnum = k.attnum ORDER BY k.at
"""
_CRS = """
SELECT auth_name, auth_srid::text AS code, srtext FROM spatial_ref_sys
WHERE srid = $1::int
"""


def find(session: Session, table: Table) -> str | None:
    """Give the number (oid) of a table, view or index of that name."""
    found = session.rows(_FIND, table.name, table.schema)
    return found[0]["oid"] if found else None


def columns(session: Session, oid: str) -> list[dict]:
    """Describe each column to be written: name, base, is_enum, type, unbounded (that
    type without its precision or length) and is_required.
    """
    return session.rows(_COLUMNS, oid)


def key(session: Session, oid: str) -> list[str]:
    """Give the columns of the primary key."""
    return [row["name"] for row in session.rows(_KEY, oid)]


def missing(session: Session, table: Table) -> TableMissingError:
    """Make the error for a table that does not exist, with names that are near."""
    labels = {row["label"].lower(): row["label"] for row in session.rows(_NAMES)}
    near = get_close_matches(table.label.lower(), labels)
    near += [n for n in get_close_matches(table.name.lower(), labels) if n not in near]
    return TableMissingError(
        table=table.label,
        database=session.database,
        similar=", ".join(labels[name] for name in near) or "-",
    )


def crs_of(connection: Any, srid: int) -> dict | str | None:
    """Give the CRS of a SRID as GeoArrow writes it: PROJJSON, else authority:code."""
    with open_session(connection) as session:
        found = session.rows(_CRS, str(srid))
    if not found:
        return None
    (row,) = found
    name = f"{row['auth_name']}:{row['code']}"
    try:
        import pyproj
    except ImportError:  # of extra `files`; every reader of GeoArrow takes the name
        return name
    try:
        return pyproj.CRS(name).to_json_dict()
    except pyproj.exceptions.CRSError:
        return pyproj.CRS(row["srtext"]).to_json_dict()
