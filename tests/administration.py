"""What an administrator does to the PostgreSQL server of the tests."""

import psycopg
from psycopg import sql

from hexa_kernels.local.workspace_yaml import Database


def administer(place: Database, *statements: str, **names: str) -> None:
    """Run statements, each its own transaction, as the server's owner.

    Parameters
    ----------
    place : Database
        Any database of the owner's.
    statements : str
        ``{name}`` stands for an identifier.
    names : str
        Those identifiers.
    """
    quoted = {name: sql.Identifier(text) for name, text in names.items()}
    with psycopg.connect(
        host=place.host,
        port=place.port,
        user=place.username,
        password=place.password,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(**quoted))
