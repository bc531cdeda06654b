"""``%%sql`` and ``%sql``: SQL in a cell or a line of a Python notebook."""

import argparse
from contextlib import suppress
from typing import Any

from IPython import get_ipython
from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from .. import environment
from ..contract import phrase
from ..frames import from_wire
from ..session import engine_of
from ..sql_script import run_script

_NAMES = """
SELECT quote_ident(relname) AS label FROM pg_class
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(oid)
  AND starts_with(lower(relname), lower(:token))
UNION
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
  AND n.nspname NOT LIKE 'pg\\_%'
  AND starts_with(lower(n.nspname || '.' || c.relname), lower(:token))
UNION
SELECT quote_ident(attname) FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND pg_table_is_visible(c.oid) AND relnamespace <> 'pg_catalog'::regnamespace
  AND starts_with(lower(attname), lower(:token))
ORDER BY 1 LIMIT 200
"""

# Connections that a cell has opened: completion opens none, which may take seconds.
_opened: set[str | None] = set()


@magic_arguments()
@argument("-c", "--connection", help="identifier of a PostgreSQL connection")
@argument("-o", "--output", help="name to keep the result under")
@argument("--as", default="pandas", choices=["pandas", "polars", "arrow"], dest="as_")
@argument("statement", nargs=argparse.REMAINDER, help="SQL of a line")
def sql(line: str, cell: str | None = None) -> Any:
    """Run SQL on the workspace database, or on a connection by its identifier.

    The statements of a cell are one transaction. ``:name`` stands for the value of the
    notebook's variable: the server binds it, it is never part of the text. The result,
    a frame, is the rows of the last statement.

    Raises
    ------
    StatementValueError
        If the notebook has no variable of a name.
    SqlFailedError, TableMissingError, QueryCancelledError, ConnectionLostError
        As for ``db_read``. An interrupt cancels the query on the server too.

    Examples
    --------
    In a cell::

        %%sql -o cases
        SELECT district, count(*) FROM cases WHERE year = :year GROUP BY district
    """
    arguments = parse_argstring(sql, line)
    namespace = get_ipython().user_ns
    script = "\n".join(filter(None, [" ".join(arguments.statement), cell]))
    found = run_script(script, namespace, arguments.connection)
    _opened.add(arguments.connection)
    if isinstance(found, int):
        text = phrase("done" if found < 0 else "rows_changed", environment.language())
        print(text.format(rows=found))
        return None
    frame = from_wire(found, as_=arguments.as_)
    if arguments.output:
        namespace[arguments.output] = frame
    return frame


def complete(line: str, token: str) -> list[str]:
    """Complete tables and columns, once a cell with this line's connection has run."""
    import sqlalchemy

    # Who types is not told of a line that is not finished, or of a server gone.
    with suppress(UsageError, sqlalchemy.exc.SQLAlchemyError):
        identifier = parse_argstring(sql, line).connection
        if token and identifier in _opened:
            with engine_of(identifier).connect() as connection:
                found = connection.scalars(sqlalchemy.text(_NAMES), {"token": token})
                return list(found)
    return []
