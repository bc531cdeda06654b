"""Both kernels on a real JupyterHub: two users, three workspaces, new credentials."""

import psutil
import pytest

from .hub import shown

pytestmark = pytest.mark.timeout(900)

LOOK = {
    "openhexa-python": (
        "import os, pandas as pd\n"
        "path = workspace.files_path\n"
        "print(workspace.slug, path, os.listdir(path))\n"
        "print(pd.read_sql('SELECT current_database() AS name', engine).name[0])\n"
        "print(dict(os.environ))"
    ),
    "openhexa-r": (
        "cat(workspace$slug, workspace$files_path, list.files(workspace$files_path))\n"
        "cat(DBI::dbGetQuery(con, 'SELECT current_database() AS name')$name)\n"
        "writeLines(paste(names(Sys.getenv()), Sys.getenv()))"
    ),
}
DATABASE = {
    "openhexa-python": "with engine.connect() as one: print(one.dialect.name)",
    "openhexa-r": "cat(class(DBI::dbGetQuery(con, 'SELECT 1')))",
}


def marks(workspace):
    """Texts that are found nowhere but in a workspace."""
    secret = {"WORKSPACE_DATABASE_PASSWORD", "HEXA_TOKEN", "WORKSPACE_FILES_PATH"}
    return {
        workspace.database.name,
        *workspace.server.split("/"),
        *(workspace.variables[name] for name in secret),
    }


@pytest.mark.parametrize("kernel", LOOK)
def test_each_server_sees_its_workspace_and_nothing_of_another(
    kernel, hub, polio, cholera, malaria
):
    workspaces = (polio, cholera, malaria)
    for workspace in workspaces:
        hub.start(workspace.server)
    for one in workspaces:
        with hub.kernel(one.server, kernel) as client:
            text = shown(client, LOOK[kernel])
        others = (marks(other) for other in workspaces if other is not one)
        foreign = set.union(*others) - marks(one)  # a user may have two workspaces
        assert f"only-in-{one.database.name}.csv" in text
        assert [mark for mark in marks(one) if mark not in text] == []
        assert [mark for mark in foreign if mark in text] == []


@pytest.mark.parametrize("kernel", DATABASE)
def test_after_logging_out_and_in_a_new_password_of_the_database_holds(
    kernel, hub, malaria
):
    hub.start(malaria.server)
    malaria.change_password(f"changed before {kernel}")
    with hub.kernel(malaria.server, kernel) as client:
        reply = client.execute(DATABASE[kernel], timeout=120)
        assert "database_authentication" in str(reply["outputs"])
        server = hub.process_of(malaria.server)
        family = [server, *server.children(recursive=True)]
        # What OpenHEXA's hub is set to do with the servers of who logs out.
        hub.open("/hub/logout", "bob@example.org")
        hub.wait_until(lambda: hub.is_stopped(malaria.server))
    assert psutil.wait_procs(family, timeout=60)[1] == []
    hub.start(malaria.server)
    with hub.kernel(malaria.server, kernel) as client:
        assert shown(client, DATABASE[kernel]).strip() in ("postgresql", "data.frame")
