"""A JupyterHub set up as OpenHEXA's: users are e-mail addresses, each workspace is a
named server, and a hook injects at each start what the credentials endpoint answers.

``answers.json`` in the working directory has those answers, by user and workspace;
``settings.json`` the ports and the token of the tests.
"""

import json
import os
import signal
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

folder = Path.cwd()
settings = json.loads((folder / "settings.json").read_text())


class Spawner(SimpleLocalProcessSpawner):
    """End servers as Kubernetes and Docker do.

    At the SIGINT that this spawner begins with, Jupyter leaves its R kernels behind.
    """

    async def _signal(self, number):
        return await super()._signal(
            signal.SIGTERM if number == signal.SIGINT else number
        )


def inject(spawner):
    """Do what OpenHEXA's hub does before each start."""
    answers = json.loads((folder / "answers.json").read_text())
    answer = answers[f"{spawner.user.name}/{spawner.name}"]
    # In a container both are folders of its home; here servers share a machine.
    spawner.notebook_dir = answer["WORKSPACE_FILES_PATH"]
    spawner.environment.update(answer)
    spawner.environment["HEXA_SERVER_URL"] = "http://127.0.0.1:9/"  # nobody asks it
    spawner.environment["HEXA_WORKSPACE"] = spawner.name
    spawner.environment["HEXA_ENVIRONMENT"] = "CLOUD_JUPYTER"


def server_scopes(spawner):
    """Let every server but those of workspace malaria be stopped from inside."""
    usual = ["users:activity!user", "access:servers!server"]
    return usual if spawner.name == "malaria" else [*usual, "delete:servers!server"]


c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{settings['port']}"
c.JupyterHub.hub_port = settings["hub_port"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings['proxy_port']}"
c.JupyterHub.allow_named_servers = True
c.JupyterHub.shutdown_on_logout = True

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set(settings["users"])

c.JupyterHub.spawner_class = Spawner
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "homes/{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.default_url = "/lab"
c.Spawner.pre_spawn_hook = inject
c.Spawner.server_token_scopes = server_scopes
# Slow machines take long; the tests wait for states, and have limits of their own.
c.Spawner.start_timeout = c.Spawner.http_timeout = 240

c.JupyterHub.services = [{"name": "tests", "api_token": settings["token"]}]
c.JupyterHub.load_roles = [
    {
        "name": "tests",
        "services": ["tests"],
        "scopes": ["admin:users", "admin:servers", "access:servers", "tokens"],
    }
]
