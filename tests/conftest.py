"""Fixtures: an explicit environment, real kernels, a real PostgreSQL."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from hexa_kernels.local import (
    postgres,
    postgres_account,
    postgres_binaries,
    workspace_yaml,
)

from .administration import administer
from .hub.fixtures import cholera, hub, malaria, polio  # noqa: F401
from .server.fixtures import (  # noqa: F401
    dhis2,
    gcs,
    iaso,
    many_of_gcs,
    many_of_s3,
    running_gcs,
    s3,
    s3_relay,
)
from .server.pipeline import in_pipeline, watched_r  # noqa: F401
from .server.r_session import RSession

pytest_plugins = ["tests.engine_fixtures"]

ROOT = Path(__file__).parent.parent

# Where make puts openhexaR, for R that no kernelspec starts.
os.environ["R_LIBS"] = str(ROOT / ".rlib")

# Before a command that needs the registry of packages: see tests/own_network.
ONLINE = os.environ.get("HEXA_TEST_ONLINE", "").split()


def require(program: str, present: bool) -> None:
    """Skip a test whose program is absent, unless HEXA_TEST_REQUIRE names it."""
    if present:
        return
    if program in os.environ.get("HEXA_TEST_REQUIRE", ""):
        pytest.fail(f"{program} is required here and absent")
    pytest.skip(f"{program} is absent")


OF_THE_MACHINE = (
    *("WORKSPACE_", "HEXA_", "JPY_", "JUPYTERHUB_"),
    *("PG", "LC_", "LANG"),
)


def clean(monkeypatch):
    """Take away the machine's own workspace, language and database."""
    for name in list(os.environ):
        if name.startswith(OF_THE_MACHINE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture(autouse=True)
def clean_env(monkeypatch):
    """No test sees the machine's own workspace, language or database."""
    clean(monkeypatch)
    return monkeypatch


@pytest.fixture
def setenv(clean_env):
    def set_all(variables):
        for name, value in variables.items():
            clean_env.setenv(name, value)

    return set_all


@pytest.fixture
def files(tmp_path, setenv):
    """An empty workspace; gives the folder of its files."""
    setenv(
        {
            "WORKSPACE_FILES_PATH": str(tmp_path / "workspace"),
            "WORKSPACE_TMP_PATH": str(tmp_path / "tmp"),
        }
    )
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


@pytest.fixture(scope="session")
def dist(tmp_path_factory):
    """What ``make dist`` makes: sdist, the wheel made from it, and openhexaR."""
    require("rscript", shutil.which("R") is not None)
    folder = tmp_path_factory.mktemp("dist")
    command = [*ONLINE, "make", "dist", f"DIST={folder}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def server_folder():
    """A folder that the account of a PostgreSQL server may enter.

    Not below pytest's own, which each new run of pytest closes to other accounts.
    """
    folder = Path(tempfile.mkdtemp(prefix="hexa-server-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def running_server(server_folder):
    """A running PostgreSQL server of our own."""
    require("postgres", bool(list(postgres_binaries.find_binaries())))
    database = workspace_yaml.Database(
        "127.0.0.1", postgres.free_port(), "demo", "S3cret-Été", "demo-db"
    )
    with postgres.Server(server_folder / "shared", database) as server:
        yield server


@pytest.fixture(scope="module")
def running_database(running_server):
    """That server; its database is empty when a module begins."""
    place = running_server.database
    administer(
        place,
        "DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        "CREATE DATABASE {name}",
        name=place.name,
    )
    return running_server


def database_variables(database: workspace_yaml.Database) -> dict[str, str]:
    return {
        "WORKSPACE_DATABASE_HOST": database.host,
        "WORKSPACE_DATABASE_PORT": str(database.port),
        "WORKSPACE_DATABASE_USERNAME": database.username,
        "WORKSPACE_DATABASE_PASSWORD": database.password,
        "WORKSPACE_DATABASE_DB_NAME": database.name,
    }


@pytest.fixture
def database(running_database, setenv):
    """The environment of a workspace whose database runs."""
    setenv(database_variables(running_database.database))
    return running_database.database


class Kernel:
    """A started kernel, and what its cells show."""

    def __init__(self, name, **options):
        require("rscript", name == "openhexa-python" or shutil.which("R") is not None)
        self.manager, self.client = start_new_kernel(kernel_name=name, **options)

    def run(self, code):
        """Run a cell; give its reply and its outputs as (kind, text) pairs."""
        outputs = []

        def collect(message):
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    outputs.append((content["name"], content["text"]))
                case "execute_result" | "display_data":
                    outputs.append(("result", content["data"]["text/plain"]))
                case "error":
                    outputs.append(("error", "\n".join(content["traceback"])))

        # Asked to stop on an error, a kernel drops what arrives just after it.
        reply = self.client.execute_interactive(
            code,
            output_hook=collect,
            timeout=60,
            allow_stdin=False,
            stop_on_error=False,
        )
        return reply["content"], outputs

    def result(self, code):
        """Run a cell that must succeed; give its last result, or what it printed."""
        reply, outputs = self.run(code)
        assert reply["status"] == "ok", outputs
        shown = [text.strip() for kind, text in outputs if kind in ("result", "stdout")]
        # A line may come in two messages, the second of which is its end.
        return next(filter(None, reversed(shown)), "") if shown else None

    def error(self, code):
        """Run a cell that must fail; give the error as the user sees it."""
        reply, outputs = self.run(code)
        assert reply["status"] == "error", outputs
        return outputs[-1][1]

    def reply(self, request):
        """Wait for the reply to a cell that was sent with ``client.execute``."""
        while True:
            message = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == request:
                return message

    def complete(self, code):
        return self.client.complete(code, reply=True)["content"]["matches"]

    def inspect(self, code):
        return self.client.inspect(code, reply=True)["content"]

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def plain_r(tmp_path, clean_env):
    """Make kernel ``ir`` known: IRkernel as its own installer sets it up."""
    folder = tmp_path / "jupyter/kernels/ir"
    folder.mkdir(parents=True)
    argv = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
    spec = {"argv": argv, "display_name": "R", "language": "R"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    clean_env.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return "ir"


@pytest.fixture
def kernel():
    """Start a kernel by name; every one started is stopped."""
    started = []

    def start(name, **options):
        started.append(Kernel(name, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def shared_kernel():
    """Start a kernel in an environment of its own, for all tests of a module."""
    started = []

    def start(name, variables):
        own = {n: v for n, v in os.environ.items() if not n.startswith(OF_THE_MACHINE)}
        started.append(Kernel(name, env={**own, "LANG": "C.UTF-8", **variables}))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def r():
    """One R process with openhexaR; gives a function that runs code in it."""
    require("rscript", shutil.which("Rscript") is not None)
    with RSession() as session:
        yield session


class Lab:
    """``hexa-kernels lab`` in a process of its own, and its server's API."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.port = postgres.free_port()
        private = folder / ".hexa"  # which the file browser hides
        self.runtime = private / "runtime"
        variables = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_CONFIG_DIR": str(private / "config"),
            "JUPYTERLAB_WORKSPACES_DIR": str(private / "layouts"),
        }
        self.log = private / "lab.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hexa_kernels", "lab", folder),
                    *("--no-browser", f"--ServerApp.port={self.port}"),
                    *("--IdentityProvider.token=test", *options),
                ],
                env=variables,
                cwd=folder.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.api("status")
                return
            except OSError:
                ended = self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.1)

    def api(self, path, body=None):
        """Call the server's API; give the JSON it answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "token test"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def start_kernel(self, notebook, name):
        """Open a notebook's session as the browser does; give its kernel's client."""
        session = self.api(
            "sessions",
            {
                "path": str(notebook.relative_to(self.folder)),
                "name": notebook.name,
                "type": "notebook",
                "kernel": {"name": name},
            },
        )
        identity = session["kernel"]["id"]
        file = self.runtime / f"kernel-{identity}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        # R answers heartbeats when it does nothing else: too late on a busy machine.
        client.start_channels(hb=False)
        client.wait_for_ready(timeout=60)
        return client

    def stop(self):
        """Press Ctrl-C and wait; give the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture
def r_library(tmp_path):
    """An R library that a test may install into; openhexaR's own is in use."""
    return shutil.copytree(ROOT / ".rlib", tmp_path / "library")


@contextmanager
def made_workspace(folder):
    """Make a workspace as ``hexa-kernels init`` does; its server's data goes away."""
    workspace_yaml.create(folder, postgres.free_port())
    home = postgres_account.home_of(folder / ".hexa")
    try:
        yield folder
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def workspace_folder(server_folder, tmp_path):
    with made_workspace(tmp_path / "demo") as folder:
        yield folder


@pytest.fixture
def lab(workspace_folder):
    lab = Lab(workspace_folder)
    yield lab
    lab.stop()
