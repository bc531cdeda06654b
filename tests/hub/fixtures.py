"""A running hub with workspaces of two users, each with a database of its own."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hexa_kernels.local.workspace_yaml import Database

from ..administration import administer

if TYPE_CHECKING:
    from .hub import Hub


@dataclass
class HubWorkspace:
    """A workspace of one user of the hub.

    Attributes
    ----------
    server : str
        ``user/workspace``, as the hub names it.
    owner : Database
        With the login of who administers the server.
    """

    hub: "Hub"
    server: str
    folder: Path
    database: Database
    owner: Database

    @property
    def variables(self) -> dict[str, str]:
        """What OpenHEXA's credentials endpoint answers, and the folders."""
        from ..conftest import database_variables

        name = self.database.name
        return {
            **database_variables(self.database),
            "WORKSPACE_FILES_PATH": str(self.folder / "workspace"),
            "WORKSPACE_TMP_PATH": str(self.folder / "tmp"),
            "WORKSPACE_BUCKET_NAME": f"bucket-of-{name}",
            "HEXA_TOKEN": f"token-of-{name}",
        }

    def change_password(self, password: str) -> None:
        """Give the database another password, as an administrator of OpenHEXA does."""
        self.database = replace(self.database, password=password)
        change = f"ALTER ROLE {{name}} PASSWORD '{password}'"
        administer(self.owner, change, name=self.database.username)
        self.hub.answer(self.server, self.variables)


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    """A JupyterHub for alice and bob; it leaves no process behind."""
    from ..conftest import require
    from .hub import Hub  # whose packages an environment of few tests lacks

    require("hub", shutil.which("configurable-http-proxy") is not None)
    folder = tmp_path_factory.mktemp("hub")
    hub = Hub(folder, ["alice@example.org", "bob@example.org"])
    yield hub
    assert hub.stop() == []


def _workspace(hub, server, owner):
    """Make a workspace that a user of the hub can open."""
    name = server.split("/")[1]
    administer(
        owner,
        "CREATE ROLE {name} LOGIN",
        "CREATE DATABASE {name} OWNER {name}",
        "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
        name=name,
    )
    database = replace(owner, username=name, password=f"secret of {name}", name=name)
    folder = hub.folder / name
    (folder / "workspace").mkdir(parents=True)
    (folder / "workspace" / f"only-in-{name}.csv").touch()
    workspace = HubWorkspace(hub, server, folder, database, owner)
    workspace.change_password(database.password)
    return workspace


@pytest.fixture(scope="session")
def polio(hub, running_server):
    """Alice's workspace; its server may be stopped from inside."""
    return _workspace(hub, "alice@example.org/polio", running_server.database)


@pytest.fixture(scope="session")
def cholera(hub, running_server):
    """Alice's second workspace, which she may open beside the first."""
    return _workspace(hub, "alice@example.org/cholera", running_server.database)


@pytest.fixture(scope="session")
def malaria(hub, running_server):
    """Bob's workspace; its server has the scopes that JupyterHub gives by default."""
    return _workspace(hub, "bob@example.org/malaria", running_server.database)
