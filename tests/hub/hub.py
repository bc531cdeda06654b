"""A real JupyterHub in processes of its own, and what a browser does with it."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import psutil
import requests
from jupyter_kernel_client import JupyterKernelClient

from hexa_kernels.local import postgres

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
# What Debian's proxy needs of Node's, with a node that is not Debian's own.
NODE_PATH = "/usr/share/nodejs"
# As in OpenHEXA's images, where the terminal finds what the kernels have.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
LIMIT_S = 240


class Hub:
    """JupyterHub, its proxy and the servers of its users, until ``stop()``.

    A server is named by its user and its workspace: ``alice@example.org/polio``.

    Parameters
    ----------
    folder : Path
        For its database, its log, and the users' homes.
    users : list of str
        Who may log in.
    """

    def __init__(self, folder: Path, users: list[str]):
        self.folder = folder
        self.token = token_hex(16)
        self.answers = {}
        port, hub_port, proxy_port = (postgres.free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{port}"
        settings = {
            "port": port,
            "hub_port": hub_port,
            "proxy_port": proxy_port,
            "token": self.token,
            "users": users,
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        self.log = folder / "hub.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", CONFIG],
                cwd=folder,
                env={**os.environ, "NODE_PATH": NODE_PATH, "PATH": PATH},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_until(self._answers)

    def answer(self, server: str, variables: dict[str, str]) -> None:
        """Inject these variables when the server starts the next time."""
        self.answers[server] = variables
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    def wait_until(self, state) -> None:
        """Wait until ``state()`` is true; with the hub's log when it never is."""
        deadline = time.monotonic() + LIMIT_S
        while not state():
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/hub/api/", timeout=5).ok
        except requests.RequestException:
            return False

    def api(self, method: str, path: str, **options) -> requests.Response:
        """Ask the hub's API as an administrator."""
        headers = {"Authorization": f"token {self.token}"}
        url = f"{self.url}/hub/api/{path}"
        return requests.request(method, url, headers=headers, timeout=60, **options)

    def state(self, server: str) -> dict:
        """What the hub says of a server; empty when it does not run."""
        user, workspace = server.split("/")
        servers = self.api("GET", f"users/{user}").json()["servers"]
        return servers.get(workspace, {})

    def is_ready(self, server: str) -> bool:
        return self.state(server).get("ready", False)

    def is_stopped(self, server: str) -> bool:
        state = self.state(server)
        return not state.get("ready") and not state.get("pending")

    def browser(self, user: str) -> requests.Session:
        """Log in, and give what keeps the cookies."""
        session = requests.Session()
        login = f"{self.url}/hub/login?next=%2Fhub%2Fhome"
        session.get(login, timeout=60).raise_for_status()
        form = {"username": user, "password": "x"}
        for cookie in session.cookies:
            if cookie.name == "_xsrf":
                form["_xsrf"] = cookie.value
        answer = session.post(login, data=form, timeout=60)
        answer.raise_for_status()
        return session

    def open(self, page: str, user: str) -> None:
        """Open a page of the hub in a browser, as that user."""
        page = f"{self.url}{page}"
        self.browser(user).get(page, timeout=60).raise_for_status()

    def start(self, server: str) -> None:
        """Start a server as the notebooks page of OpenHEXA does, unless it runs."""
        self.open(f"/hub/spawn/{server}", server.split("/")[0])
        self.wait_until(lambda: self.is_ready(server))

    def stop_server(self, server: str) -> None:
        user, workspace = server.split("/")
        self.api("DELETE", f"users/{user}/servers/{workspace}").raise_for_status()
        self.wait_until(lambda: self.is_stopped(server))

    def process_of(self, server: str) -> psutil.Process:
        """Find the process of a running server."""
        for process in psutil.Process(self.process.pid).children():
            variables = process.environ()
            names = (
                variables.get("JUPYTERHUB_USER"),
                variables.get("JUPYTERHUB_SERVER_NAME"),
            )
            if names == tuple(server.split("/")):
                return process
        raise LookupError(server)

    @contextmanager
    def kernel(self, server: str, name: str, path: str = "notebook.ipynb"):
        """Open a notebook's session by the proxy; give its kernel's client."""
        url = f"{self.url}/user/{server}"
        body = {
            "path": path,
            "name": Path(path).name,
            "type": "notebook",
            "kernel": {"name": name},
        }
        headers = {"Authorization": f"token {self.token}"}
        answer = requests.post(
            f"{url}/api/sessions", json=body, headers=headers, timeout=120
        )
        answer.raise_for_status()
        session = answer.json()
        client = JupyterKernelClient(
            server_url=url,
            token=self.token,
            kernel_id=session["kernel"]["id"],
            headers=headers,  # the hub takes no token in the URL of a websocket
        )
        client.start()
        try:
            yield client
        finally:
            client.stop()
            ended = f"{url}/api/sessions/{session['id']}"
            requests.delete(ended, headers=headers, timeout=60)

    def stop(self) -> list[str]:
        """Stop it all; give what it left behind, which is ended too."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(timeout=60)
        _, alive = psutil.wait_procs(family, timeout=30)
        for process in alive:
            process.kill()
        return [str(process) for process in alive]


def shown(client: JupyterKernelClient, code: str) -> str:
    """Run a cell that must succeed; give all that it shows, as text."""
    reply = client.execute(code, timeout=LIMIT_S)
    assert reply["status"] == "ok", reply
    return "".join(
        output.get("text") or output["data"]["text/plain"]
        for output in reply["outputs"]
    )
