"""``hexa-kernels server restart``: on a real hub, with and without the right to it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from threading import Thread

import click
import pytest
from click.testing import CliRunner

from hexa_kernels import server
from hexa_kernels.console import confirm
from hexa_kernels.kernel.status import hexa_status
from hexa_kernels.local import postgres

from .hub.hub import shown

pytestmark = pytest.mark.timeout(900)

COMMAND = "hexa-kernels server restart"
STEPS = ("1.", "2.", "3.", "4.", "5.")
LINK = "/hub/spawn/alice%40example.org/polio"


def from_outside(hub, workspace, token, *arguments):
    """Run the command in a process that the stop of the server does not end."""
    user, name = workspace.server.split("/")
    variables = {
        "JUPYTERHUB_API_URL": f"{hub.url}/hub/api",
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_USER": user,
        "JUPYTERHUB_SERVER_NAME": name,
        "JUPYTERHUB_SERVICE_URL": hub.process_of(workspace.server).environ()[
            "JUPYTERHUB_SERVICE_URL"
        ],
    }
    return subprocess.run(
        [sys.executable, "-m", "hexa_kernels", "server", "restart", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


def restart_command(**variables):
    """Run the command where no server of a hub is."""
    return subprocess.run(
        [sys.executable, "-m", "hexa_kernels", "server", "restart", "--yes"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


def test_without_a_hub_it_says_what_to_do():
    done = restart_command()
    assert done.returncode == 1
    assert done.stderr.startswith("[hub_absent] No JupyterHub started")


@pytest.mark.parametrize(
    ("place", "code"),
    [("down", "hub_unreachable"), ("nowhere", "hub_failed"), ("page", "hub_failed")],
)
def test_a_hub_that_is_down_or_is_none_is_said(place, code, hub):
    urls = {
        "down": f"http://127.0.0.1:{postgres.free_port()}/hub/api",
        "nowhere": f"{hub.url}/hub/nowhere",
        "page": f"{hub.url}/hub/login?",
    }
    done = restart_command(
        JUPYTERHUB_API_URL=urls[place],
        JUPYTERHUB_API_TOKEN="pw-7f3a",
        JUPYTERHUB_USER="alice@example.org",
        JUPYTERHUB_SERVER_NAME="polio",
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"[{code}] ")
    assert "pw-7f3a" not in done.stdout + done.stderr


def test_a_server_is_found_and_shows_no_token(setenv):
    setenv(
        {
            "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
            "JUPYTERHUB_API_TOKEN": "pw-7f3a",
            "JUPYTERHUB_USER": "alice@example.org",
            "JUPYTERHUB_SERVER_NAME": "polio",
            "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/alice/polio/",
        }
    )
    found = server.current()
    status = hexa_status()
    assert ("server", "alice@example.org/polio (%hexa restart-server)") in status.rows
    assert "pw-7f3a" not in repr(found) + repr(status)
    assert found.start_page == LINK
    assert found.address == "http://127.0.0.1:8888/user/alice/polio/"
    setenv({"JUPYTERHUB_PUBLIC_HUB_URL": "https://notebooks.example.org/hub/"})
    assert server.current().start_page == f"https://notebooks.example.org{LINK}"
    setenv(
        {"JUPYTERHUB_SERVER_NAME": ""}
    )  # with a slash at the end, the hub finds none
    assert server.current().start_page.endswith("/hub/spawn/alice%40example.org")


@pytest.mark.parametrize("answer", ["y", "Yes", "o", "OUI"])
def test_the_answer_may_be_french(answer):
    with CliRunner().isolation(input=f"{answer}\n"):
        confirm("L'arrêter ?")


@pytest.mark.parametrize("answer", ["", "n", "non", "peut-être"])
def test_any_other_answer_stops_nothing(answer):
    with CliRunner().isolation(input=f"{answer}\n"), pytest.raises(click.Abort):
        confirm("L'arrêter ?")


@pytest.mark.parametrize("kernel", ["openhexa-python", "openhexa-r"])
def test_where_the_hub_forbids_it_the_steps_are_shown(kernel, hub, malaria):
    hub.start(malaria.server)
    code = {
        "openhexa-python": f"!HEXA_LANG=fr {COMMAND} --yes",
        "openhexa-r": f"cat(system('{COMMAND} --yes 2>&1', TRUE), sep = '\\n')",
    }
    with hub.kernel(malaria.server, kernel) as client:
        text = shown(client, code[kernel])
    assert "[hub_forbidden]" in text
    assert "/hub/home" in text
    assert "/hub/spawn/bob%40example.org/malaria" in text
    steps = [line for line in text.splitlines() if line.strip()[:2] in STEPS]
    assert len(steps) == len(STEPS)
    assert hub.is_ready(malaria.server)


def test_it_says_what_is_lost_and_asks_first(hub, polio):
    hub.start(polio.server)
    with hub.kernel(polio.server, "openhexa-python", "reports/cases.ipynb") as client:
        text = shown(client, f"!{COMMAND} < /dev/null") + shown(
            client, "%hexa restart-server"
        )
        reply = client.execute("%hexa restart-now", timeout=60)
    assert "openhexa-python (at work): reports/cases.ipynb" in text
    assert str(polio.folder / "workspace") in text
    assert "Stop it? [y/N]" in text
    assert "%hexa restart-server --yes" in text
    assert "Argument %hexa must be empty, doctor, restart-server" in str(reply)
    assert hub.is_ready(polio.server)


def test_a_restart_from_a_notebook_brings_fresh_credentials(hub, polio):
    hub.start(polio.server)
    polio.change_password("changed meanwhile")
    pages = []

    def collect(message):
        page = message["content"].get("data", {}).get("text/html")
        pages.extend([page] if page else [])

    def restart():
        with suppress(Exception):  # no reply comes: the kernel ends on the way
            code = "%hexa restart-server --yes"
            client.execute_interactive(code, output_hook=collect, timeout=60)

    with hub.kernel(polio.server, "openhexa-python") as client:
        reply = client.execute("engine.connect()", timeout=120)
        assert "database_authentication" in str(reply["outputs"])
        Thread(target=restart, daemon=True).start()
        hub.wait_until(lambda: pages)
        assert f'<a href="{LINK}" target="_blank">' in pages[0]
        hub.wait_until(lambda: hub.is_stopped(polio.server))
    hub.open(LINK, "alice@example.org")
    hub.wait_until(lambda: hub.is_ready(polio.server))
    with hub.kernel(polio.server, "openhexa-python") as client:
        assert shown(client, "engine.connect().closed") == "False"


def with_access(workspace, hours):
    """Let the access to the files hold until some hours from now, at the next start."""
    end = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(time.time() + hours * 3600))
    sas = {
        "WORKSPACE_STORAGE_ENGINE": "azure",
        "WORKSPACE_STORAGE_ENGINE_AZURE_STORAGE_SAS_TOKEN": f"se={end}&sig=x",
    }
    workspace.hub.answer(workspace.server, workspace.variables | sas)


def test_access_that_lapsed_is_renewed_by_the_remedy(hub, cholera):
    look = "[(c.code, c.remedy) for c in hexa_status().checks if c.name == 'storage']"
    look = f"from hexa_kernels import hexa_status\nprint({look})"
    server = cholera.server
    if hub.is_ready(server):
        hub.stop_server(server)
    with_access(cholera, hours=-1)
    hub.start(server)
    with hub.kernel(server, "openhexa-python") as client:
        found = shown(client, look)
        assert found.strip() == "[('storage_lapsed', '%hexa restart-server')]"
    with_access(cholera, hours=9)
    with hub.kernel(server, "openhexa-r") as client:
        found = shown(client, "checks <- hexa_status()$checks; cat(checks$remedy)")
        assert f" {COMMAND} " in f" {found} "
        remedy = f"system('{COMMAND} --yes', wait = FALSE)"
        client.execute(remedy, timeout=60)
        hub.wait_until(lambda: hub.is_stopped(server))
    hub.start(server)
    with hub.kernel(server, "openhexa-python") as client:
        assert "storage_until" in shown(client, look)
    cholera.hub.answer(server, cholera.variables)


def test_a_stuck_server_is_restarted_from_outside_by_the_users_own_token(hub, polio):
    hub.start(polio.server)
    process = hub.process_of(polio.server)
    made = hub.api("POST", "users/alice@example.org/tokens", json={"note": "laptop"})
    process.send_signal(signal.SIGSTOP)
    done = from_outside(hub, polio, made.json()["token"], "--yes")
    assert done.returncode == 0, done.stderr
    assert "cannot be listed" in done.stdout
    assert "alice@example.org/polio is stopped." in done.stdout
    assert done.stdout.endswith("The hub starts it again; the link shows it.\n")
    hub.wait_until(lambda: hub.is_ready(polio.server))
    assert hub.process_of(polio.server).pid != process.pid


def test_the_token_of_a_server_ends_with_it_so_that_only_a_browser_starts_it(
    hub, polio
):
    hub.start(polio.server)
    token = hub.process_of(polio.server).environ()["JUPYTERHUB_API_TOKEN"]
    done = from_outside(hub, polio, token, "--yes")
    assert done.returncode == 0, done.stderr
    assert LINK in done.stdout
    assert done.stdout.endswith("alice@example.org/polio is stopped.\n")
    assert hub.is_stopped(polio.server)
