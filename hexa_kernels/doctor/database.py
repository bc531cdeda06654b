"""The workspace database: whether it answers, what it is, how fast."""

from pathlib import Path
from statistics import median
from time import perf_counter

from .. import environment
from ..checks import Check
from ..errors import DatabaseUnreachableError
from .findings import finding


def database() -> Check:
    """Connect, and ask for the version; three queries give the latency."""
    if environment.lookup("database_host") is None:
        name = environment.variable("database_host")
        return finding("database", "database_none", variable=name)
    import sqlalchemy

    from ..database import database_engine

    engine = database_engine()
    place = f"{engine.url.host}:{engine.url.port}/{engine.url.database}"
    try:
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            durations = [_duration_ms(connection) for _ in range(3)]
    except sqlalchemy.exc.OperationalError as error:
        ours = getattr(error, "explained", error)
        folder = Path(environment.lookup("files_path")).parent
        stopped = isinstance(ours, DatabaseUnreachableError)
        if stopped and (folder / "workspace.yaml").is_file():
            values = {"place": place, "folder": folder}
            return finding("database", "database_stopped", **values)
        raise ours from None
    values = {"version": version, "place": place, "ms": f"{median(durations):.1f}"}
    return finding("database", "database_fine", **values)


def _duration_ms(connection) -> float:
    begin = perf_counter()
    connection.exec_driver_sql("SELECT 1")
    return (perf_counter() - begin) * 1000
