"""PostgreSQL connections open as SQLAlchemy engines."""

from typing import TYPE_CHECKING

from .. import environment
from ..checks import Steps
from ..connection_record import ConnectionRecord
from ..contract import phrase
from ..database import connection_engine
from . import ConnectionType, network

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

_TABLES = """
SELECT count(*), (array_agg(name ORDER BY name))[1:3], bool_or(is_writable)
FROM (
  SELECT concat_ws('.', nullif(nspname, 'public'), relname) AS name,
         has_table_privilege(c.oid, 'INSERT') AS is_writable
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
    AND nspname <> 'information_schema' AND nspname !~ '^pg_'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
) AS readable
"""


def _open(record: ConnectionRecord) -> "Engine":
    fields = record.fields
    return connection_engine(
        host=fields["host"],
        port=environment.as_port(fields["port"], f"{record.prefix}_PORT"),
        username=fields["username"],
        password=fields["password"],
        database=fields["database_name"],
    )


def _test(record: ConnectionRecord) -> Steps:
    language = environment.language()

    def log_in():
        _query(record, "SELECT 1")
        account = record.fields["username"]
        return phrase("account_accepted", language, account=account)

    def look():
        count, names, is_writable = _query(record, _TABLES)
        rights = phrase("may_write" if is_writable else "read_only", language)
        names = ", ".join(names or []) or "-"
        return phrase("tables_read", language, count=count, names=names, rights=rights)

    def reach():
        port = environment.as_port(record.fields["port"], f"{record.prefix}_PORT")
        return network.reach_port(record, record.fields["host"], port)

    return {
        phrase("check_server", language): reach,
        phrase("check_credentials", language): log_in,
        phrase("check_content", language): look,
    }


def _query(record: ConnectionRecord, statement: str) -> "Row":
    import sqlalchemy

    try:
        with _open(record).connect() as connection:
            return connection.execute(sqlalchemy.text(statement)).one()
    except sqlalchemy.exc.DBAPIError as error:
        raise getattr(error, "explained", error) from None


TYPE = ConnectionType(_open, _test)
