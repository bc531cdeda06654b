"""A PostgreSQL server for measurements, and the environment of its workspace."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hexa_kernels import database_engine, environment
from hexa_kernels.local import postgres, workspace_yaml


@contextmanager
def server() -> Iterator[workspace_yaml.Database]:
    """Run a server, and be in a workspace of its."""
    folder = Path(tempfile.mkdtemp(prefix="hexa-bench-"))
    folder.chmod(0o755)  # the server may have an account of its own
    database = workspace_yaml.Database(
        "127.0.0.1", postgres.free_port(), "bench", "bench", "bench"
    )
    variables = {
        "WORKSPACE_DATABASE_HOST": database.host,
        "WORKSPACE_DATABASE_PORT": str(database.port),
        "WORKSPACE_DATABASE_USERNAME": database.username,
        "WORKSPACE_DATABASE_PASSWORD": database.password,
        "WORKSPACE_DATABASE_DB_NAME": database.name,
    }
    try:
        with postgres.Server(folder, database), environment.applied(variables):
            yield database
            database_engine().dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
