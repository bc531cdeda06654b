"""Primed kernels in the place of python3 and ir, and the originals back again."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from hexa_kernels import kernelspec, overlay
from hexa_kernels.errors import FolderNotWritableError, KernelNameInvalidError

PLAIN = {
    "argv": ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"],
    "display_name": "R of the image",
    "language": "R",
    "env": {"SURVEY": "été"},
}


def state(folder):
    """All that can be seen of a folder: names, kinds, modes, times, contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        seen = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        time = None if path.is_dir() else seen.st_mtime_ns
        place = str(path.relative_to(folder))
        found[place] = (seen.st_mode, time, path.is_symlink(), content)
    return found


@pytest.fixture
def plain(tmp_path):
    """A kernelspec ``ir`` such as an image has, with its own logo and rights."""
    folder = tmp_path / "share/jupyter/kernels/ir"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(PLAIN))
    (folder / "kernel.json").chmod(0o640)
    (folder / "logo-64x64.png").write_bytes(b"a logo")
    os.utime(folder / "kernel.json", (1_600_000_000, 1_600_000_000))
    return folder


def put(folder):
    place = kernelspec.install("r", prefix=folder.parents[3], overlay=True)
    assert place == folder


def test_the_original_comes_back_with_its_bytes_rights_and_time(plain):
    before = state(plain)
    put(plain)
    spec = json.loads((plain / "kernel.json").read_text())
    assert overlay.starts_ours(spec)
    assert spec["display_name"] == "R of the image"
    assert spec["env"] == {"SURVEY": "été", "R_ENABLE_JIT": "0"}
    assert (plain / "logo-64x64.png").read_bytes() == b"a logo"
    assert overlay.take_away(plain) == "restored"
    assert state(plain) == before
    assert overlay.take_away(plain) is None
    assert state(plain) == before


def test_an_overlay_put_twice_keeps_the_first_original(plain):
    before = state(plain)
    put(plain)
    once = state(plain)
    put(plain)
    assert {name: seen[3] for name, seen in state(plain).items()} == {
        name: seen[3] for name, seen in once.items()
    }
    overlay.take_away(plain)
    assert state(plain) == before


def test_a_linked_original_stays_a_link(plain):
    target = plain.parent.parent / "elsewhere.json"
    (plain / "kernel.json").rename(target)
    (plain / "kernel.json").symlink_to(target)
    before, content = state(plain), target.read_bytes()
    put(plain)
    assert target.read_bytes() == content
    overlay.take_away(plain)
    assert state(plain) == before


def test_where_there_was_none_nothing_is_left(tmp_path):
    folder = tmp_path / "share/jupyter/kernels/ir"
    put(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
    assert overlay.take_away(folder) == "removed"
    assert not folder.exists()


def killed_before(step, action):
    """Do something in a child that dies before it changes the disk for the n-th time.

    Tell whether it died.
    """
    child = os.fork()
    if child == 0:
        left = step

        def watch(event, arguments):
            nonlocal left
            writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if not writes and event not in CHANGES:
                return
            if left == 0:
                os._exit(9)
            left -= 1

        try:
            sys.addaudithook(watch)
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile"}


def kills(action, prepare):
    """Kill an action before its first change of the disk, its second, …"""
    for step in itertools.count():
        prepare()
        if not killed_before(step, action):
            assert step >= 2
            return
        yield step


@pytest.fixture(params=["there", "absent"])
def maybe_plain(plain, request):
    if request.param == "absent":
        shutil.rmtree(plain)
    return plain


@pytest.mark.parametrize("again", [False, True])
def test_killed_while_it_is_put_the_original_comes_back(maybe_plain, again):
    before = state(maybe_plain.parent)
    for step in kills(lambda: put(maybe_plain), lambda: None):
        if again:
            put(maybe_plain)
        overlay.take_away(maybe_plain)
        assert state(maybe_plain.parent) == before, step


def test_killed_while_it_is_taken_away_the_original_comes_back(maybe_plain):
    before = state(maybe_plain.parent)

    def prepare():
        assert state(maybe_plain.parent) == before
        put(maybe_plain)

    for _ in kills(lambda: overlay.take_away(maybe_plain), prepare):
        overlay.take_away(maybe_plain)


def test_what_somebody_installed_since_is_left_alone(plain):
    put(plain)
    newer = json.dumps({**PLAIN, "display_name": "R 5"})
    (plain / "kernel.json").write_text(newer)
    assert overlay.take_away(plain) is None
    assert (plain / "kernel.json").read_text() == newer
    assert {path.name for path in plain.iterdir()} == {"kernel.json", "logo-64x64.png"}
    before = state(plain)
    put(plain)
    overlay.take_away(plain)
    assert state(plain) == before


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"argv": null}'])
def test_a_damaged_original_comes_back_too(plain, damaged, setenv):
    setenv({"JUPYTER_PATH": str(plain.parents[1])})
    (plain / "kernel.json").write_text(damaged)
    before = state(plain)
    put(plain)
    overlay.take_away(plain)
    assert state(plain) == before


def test_of_a_linked_folder_the_link_is_removed(tmp_path):
    checkout = kernelspec.install("python", prefix=tmp_path)
    before = state(checkout)
    link = tmp_path / "openhexa-python"
    link.symlink_to(checkout)
    assert overlay.take_away(link) == "removed"
    assert not link.is_symlink()
    assert state(checkout) == before


def test_a_damaged_kernelspec_of_ours_is_removed(tmp_path):
    folder = kernelspec.install("python", prefix=tmp_path)
    (folder / "kernel.json").write_text("{bad")
    assert overlay.take_away(folder) == "removed"
    assert not folder.exists()


@pytest.mark.parametrize("name", ["..", "/tmp", "a/b", "."])
def test_a_path_is_no_name_of_a_kernel(name):
    with pytest.raises(KernelNameInvalidError):
        list(kernelspec.uninstall({name}))


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "share").write_text("a file in the way")
    with pytest.raises(FolderNotWritableError) as raised:
        put(tmp_path / "share/jupyter/kernels/ir")
    assert "share/jupyter/kernels" in str(raised.value.values["path"])
    with pytest.raises(FolderNotWritableError):
        kernelspec.install("python", prefix=tmp_path)


@pytest.fixture
def machine(tmp_path):
    """A Python environment and a home of their own; runs hexa-kernels there."""
    environment = tmp_path / "environment"
    venv.create(environment)
    packages = Path(sysconfig.get_path("purelib"))
    place = sysconfig.get_path(
        "purelib", vars={"base": environment, "platbase": environment}
    )
    line = f"import site; site.addsitedir({str(packages)!r})\n"
    Path(place, "all.pth").write_text(line)
    variables = {**os.environ, "HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()

    def run(*arguments):
        return subprocess.run(
            [environment / "bin/python", "-m", "hexa_kernels", *map(str, arguments)],
            env=variables,
            capture_output=True,
            text=True,
        )

    run.variables = variables
    run.home = tmp_path / "home/.local/share/jupyter/kernels"
    run.environment = environment / "share/jupyter/kernels"
    return run


def test_uninstall_puts_back_what_install_replaced(machine, r_library):
    for name in ("ir", "python3"):
        (machine.environment / name).mkdir(parents=True)
        (machine.environment / name / "kernel.json").write_text(json.dumps(PLAIN))
    before = state(machine.environment)
    options = ["--overlay", "--r-library", r_library]
    done = machine("install", "--sys-prefix", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("(starts)") == 4
    assert machine("list").stdout.count("\n") == 4

    done = machine("uninstall", "--kernel", "r")
    assert done.stdout == (
        f"ir: {machine.environment}/ir restored\n"
        f"openhexa-r: {machine.environment}/openhexa-r removed\n"
    )
    assert machine("list").stdout.count("\n") == 2
    assert machine("uninstall").stdout.count("\n") == 2
    assert state(machine.environment) == before
    assert machine("uninstall").stdout == "No such kernel is installed.\n"


def test_uninstall_keeps_to_one_place_and_goes_on_past_a_closed_one(machine):
    for place in ("--user", "--sys-prefix"):
        done = machine("install", "--kernel", "python", place)
        assert done.returncode == 0, done.stderr
    assert machine("uninstall", "--user").stdout == (
        f"openhexa-python: {machine.home}/openhexa-python removed\n"
    )
    assert (machine.environment / "openhexa-python").is_dir()
    assert machine("uninstall", "--user", "--sys-prefix").returncode == 2
    machine("install", "--kernel", "python", "--user")
    stuck = machine.home / "openhexa-python/notes"
    stuck.mkdir()  # of the user's own: a folder is not removed with its content
    done = machine("uninstall")
    assert done.returncode == 1
    assert done.stdout == (
        f"openhexa-python: {machine.environment}/openhexa-python removed\n"
    )
    assert "[folder_not_writable]" in done.stderr
    assert stuck.is_dir()


def test_an_overlay_of_the_user_s_hides_an_original_elsewhere(machine):
    folder = machine.environment / "python3"
    folder.mkdir(parents=True)
    spec = {**PLAIN, "language": "python", "display_name": "Python of the image"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    before = state(machine.environment)
    machine.variables["JUPYTER_PREFER_ENV_PATH"] = "0"
    done = machine("install", "--kernel", "python", "--overlay")
    assert done.returncode == 0, done.stderr
    assert "[kernel_hidden]" not in done.stderr
    assert f"python3  Python of the image  {machine.home}" in machine("list").stdout
    assert state(machine.environment) == before
    assert machine("uninstall", "--name", "python3").stdout == (
        f"python3: {machine.home}/python3 removed\n"
    )
    assert [path.name for path in machine.home.iterdir()] == ["openhexa-python"]
    assert state(machine.environment) == before


def test_an_overlay_that_jupyter_does_not_find_is_said(machine):
    """Inside an environment, Jupyter looks there before it looks into the home."""
    folder = machine.environment / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({**PLAIN, "language": "python"}))
    done = machine("install", "--kernel", "python", "--overlay")
    assert done.returncode == 0, done.stderr
    assert f"[kernel_hidden] Kernel {machine.home}/python3 is hidden" in done.stderr
    assert str(folder) in done.stderr
    assert machine("uninstall").stdout.count(" removed\n") == 2
    assert not list(machine.home.iterdir())


def test_a_primed_kernel_that_does_not_start_is_taken_away(machine):
    folder = machine.environment / "python3"
    folder.mkdir(parents=True)
    spec = {**PLAIN, "language": "python", "env": {"PYTHONHOME": "/nowhere"}}
    (folder / "kernel.json").write_text(json.dumps(spec))
    before = state(folder)
    done = machine("install", "--sys-prefix", "--kernel", "python", "--overlay")
    assert done.returncode == 1
    assert done.stderr.startswith("[kernel_failed]")
    assert state(folder) == before
