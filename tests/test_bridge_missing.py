"""What a cell of R says where something is missing, or full; the notebook lives on."""

import json
import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from .conftest import ROOT, Kernel
from .soak.notebook import handed_over

LANGUAGES = ["en", "fr"]
SITE = Path(site.getsitepackages()[0])


@pytest.fixture
def kernel_of(tmp_path, clean_env):
    """Start our Python kernel in an environment that lacks some packages, and R.

    ``without``: how the names of what is left out begin; ``first``: a folder of modules
    that are found before all others.
    """
    started = []

    def start(*without, first=None, path=None):
        folder = tmp_path / "venv"
        venv.create(folder, symlinks=True)
        (place,) = folder.glob("lib/python*/site-packages")
        for entry in SITE.iterdir():
            if not entry.name.startswith(without or ("-",)):
                (place / entry.name).symlink_to(entry)
        spec = {
            "argv": [
                *(str(folder / "bin/python"), "-m", "hexa_kernels.kernel.launch"),
                *("-f", "{connection_file}"),
            ],
            "display_name": "Python",
            "language": "python",
            "env": {"PYTHONPATH": str(first or ""), "PATH": path or os.environ["PATH"]},
        }
        kernels = tmp_path / "jupyter/kernels/lacking"
        kernels.mkdir(parents=True)
        (kernels / "kernel.json").write_text(json.dumps(spec))
        clean_env.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
        started.append(Kernel("lacking"))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def r_spec(tmp_path, clean_env, **changes):
    """Put an R kernel's specification before the installed one."""
    installed = Path(sys.prefix, "share/jupyter/kernels/openhexa-r/kernel.json")
    spec = {**json.loads(installed.read_text()), **changes}
    folder = tmp_path / "before/kernels/openhexa-r"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    clean_env.setenv("JUPYTER_PATH", str(tmp_path / "before"))


def says(notebook, cell, *texts):
    error = notebook.error(cell)
    for text in texts:
        assert text in error, error
    assert notebook.result("1 + 1") == "2"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("engine", ["sidecar", "embedded"])
def test_no_r(engine, language, kernel_of, files, setenv):
    setenv({"HEXA_LANG": language})
    notebook = kernel_of(path="/nowhere")
    text = {"en": "R is not", "fr": "R n'est pas"}[language]
    says(notebook, f"%%R --engine {engine}\n1", "RMissingError", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_r_that_moved_away(language, kernel, files, setenv, tmp_path, clean_env):
    setenv({"HEXA_LANG": language})
    argv = ["/nowhere/R", "-e", "openhexaR::kernel_main()"]
    r_spec(tmp_path, clean_env, argv=argv)
    text = {"en": "R does not start: ", "fr": "R ne démarre pas : "}[language]
    says(kernel("openhexa-python"), "%%R\n1", "RStartError", text, "/nowhere/R")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("engine", ["sidecar", "embedded"])
def test_no_nanoarrow(engine, language, kernel, files, setenv, tmp_path, clean_env):
    setenv({"HEXA_LANG": language})
    library = tmp_path / "library"
    library.mkdir()
    for package in (ROOT / ".rlib").iterdir():
        if package.name != "nanoarrow":
            (library / package.name).symlink_to(package)
    clean_env.delenv("R_LIBS")
    r_spec(tmp_path, clean_env, env={"R_LIBS": str(library)})
    notebook = kernel("openhexa-python")
    text = {"en": "Package nanoarrow is needed", "fr": "Le paquet nanoarrow est"}
    magic = f"%%R --engine {engine}"
    notebook.result("x = 1")
    for option in ("-i x", "-o y"):
        cell = f"{magic} {option}\ny <- 1"
        says(notebook, cell, "MissingPackageError", text[language])
    assert notebook.result(f"{magic}\ncat(6 * 7)") == "42"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_rpy2(language, kernel_of, files, setenv):
    setenv({"HEXA_LANG": language})
    notebook = kernel_of("rpy2", "_rinterface")
    text = {"en": "Package rpy2 is needed", "fr": "Le paquet rpy2 est"}[language]
    says(notebook, "%%R --engine embedded\n1", "MissingPackageError", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_rpy2_for_a_newer_r(language, kernel, files, setenv, tmp_path, clean_env):
    """As rpy2-rinterface 3.6.7 fails with R 4.2: a symbol that libR has not."""
    setenv({"HEXA_LANG": language})
    package = tmp_path / "newer/rpy2/rinterface"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text(
        "import subprocess, cffi\n"
        "home = subprocess.check_output(['R', 'RHOME'], text=True).strip()\n"
        "ffi = cffi.FFI()\n"
        "ffi.cdef('int R_function_of_tomorrow(void);')\n"
        "ffi.dlopen(home + '/lib/libR.so').R_function_of_tomorrow\n"
    )
    clean_env.setenv("PYTHONPATH", str(package.parent.parent))
    notebook = kernel("openhexa-python")
    pair = "rpy2==3.6.6 rpy2-rinterface==3.6.5"
    texts = ("RpyPairError", "R_function_of_tomorrow", pair)
    says(notebook, "%%R --engine embedded\n1", *texts)
    assert notebook.result("%%R\ncat(6 * 7)") == "42"


class SmallDisk:
    """Let folders hold 2 MB: a mount of root's, else a limit on processes' files."""

    def __init__(self, pids):
        self.pids, self.mounted = pids, []

    def limit(self, folder):
        if os.geteuid() == 0:
            options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
            subprocess.run(["mount", *options], check=True)
            self.mounted.append(folder)
            return
        for pid in self.pids:
            subprocess.run(["prlimit", f"--pid={pid}", "--fsize=2000000"], check=True)

    def free(self):
        for folder in self.mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        self.mounted = []


FRAME = "import numpy, pandas\nx = pandas.DataFrame({'n': numpy.arange(1_000_000.)})"


@pytest.fixture
def small_disk():
    disk = SmallDisk([])
    yield disk
    disk.free()


@pytest.mark.parametrize("language", LANGUAGES)
def test_full_shared_memory_and_a_full_disk(
    language, kernel, files, setenv, tmp_path, small_disk
):
    (tmp_path / "disk").mkdir()
    setenv({"TMPDIR": str(tmp_path / "disk"), "HEXA_LANG": language})
    notebook = kernel("openhexa-python")
    notebook.result(FRAME)
    notebook.result("%%R\ny <- data.frame(n = runif(1e6))")
    pid = notebook.manager.provisioner.pid
    r = notebook.result("%%R\ncat(Sys.getpid())")
    small_disk.pids = [pid, int(r)]
    memory, disk = (
        next(place.glob(f"hexa-r-{pid}-*"))
        for place in (Path("/dev/shm"), tmp_path / "disk")
    )
    if os.geteuid() == 0:
        small_disk.limit(memory)
        code = "%%R -i x -o y\nstopifnot(nrow(x) == 1e6)"
        notebook.result(code)  # the disk takes it
        assert notebook.result("len(y)") == "1000000"
    small_disk.limit(disk)
    text = {"en": "The frame does not cross", "fr": "La table ne passe pas"}[language]
    for option in ("-i x", "-o y"):
        says(notebook, f"%%R {option}\n1", "NoRoomToCrossError", text, str(disk))
    left = {path.suffix for path in [*memory.iterdir(), *disk.rglob("*")]}
    assert ".arrow" not in left
    notebook.result("%%R -o z\nz <- head(y, 10)")
    assert notebook.result("len(z)") == "10"
    small_disk.free()
    assert not [path for path in handed_over(pid) if path.suffix == ".arrow"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_share_into_a_full_scratch(
    language, kernel, files, setenv, tmp_path, small_disk
):
    setenv({"HEXA_LANG": language})
    notebook = kernel("openhexa-python")
    notebook.result(FRAME)
    notebook.result("from hexa_kernels import share_frame, receive_frame")
    notebook.result("share_frame(x.head(10), 'kept')")
    scratch = tmp_path / "tmp"
    notebook.result("%%R\ny <- data.frame(n = runif(1e6))")
    r = notebook.result("%%R\ncat(Sys.getpid())")
    small_disk.pids = [notebook.manager.provisioner.pid, int(r)]
    small_disk.limit(scratch)
    notebook.result("share_frame(x.head(10), 'kept')")
    text = {"en": "The shared frame cannot be", "fr": "La table partagée ne peut"}
    says(notebook, "share_frame(x, 'big')", "ShareNotWrittenError", text[language])
    says(notebook, "%%R\nshare_frame(y, 'big')", text[language])
    assert [p.name for p in (scratch / "shared_frames").iterdir()] == ["kept.arrows"]
    assert notebook.result("%%R\ncat(nrow(receive_frame('kept')))") == "10"


def test_a_share_that_ends_while_it_is_read(kernel, files, tmp_path):
    """A pipe in its place, whose writer goes away in the middle."""
    notebook = kernel("openhexa-python")
    notebook.result(FRAME)
    notebook.result("from hexa_kernels import share_frame, receive_frame")
    notebook.result("%%R\n1")
    path = Path(notebook.result("str(share_frame(x, 'cases'))").strip("'"))
    half = tmp_path / "half"
    half.write_bytes(path.read_bytes()[:4_000_000])
    path.unlink()
    os.mkfifo(path)
    for cell, error in (
        ("receive_frame('cases')", "ShareUnreadableError"),
        ("%%R\nreceive_frame('cases')", "cannot be read"),
    ):
        with path.parent.joinpath("..", "log").open("w") as log:
            command = f'cat "{half}" > "{path}"'
            writer = subprocess.Popen(["sh", "-c", command], stderr=log)
        says(notebook, cell, error)
        writer.wait(timeout=10)
