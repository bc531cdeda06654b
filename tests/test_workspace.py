"""The SDK's workspace and paths in it; the public names."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import hexa_kernels
from hexa_kernels import notebook_dir, workspace_path
from hexa_kernels import tmp_path as scratch_path
from hexa_kernels.errors import (
    FolderNotWritableError,
    InvalidArgumentError,
    ScratchReplacedWarning,
)


def test_importing_the_package_imports_nothing_heavy():
    code = """
import sys
before = set(sys.modules)
import hexa_kernels
print(set(sys.modules) - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "{'hexa_kernels'}"


def test_every_name_can_be_imported_after_every_other(database, files):
    for first in hexa_kernels.__all__:
        for second in hexa_kernels.__all__:
            code = f"from hexa_kernels import {first}, {second}"
            namespace = {}
            exec(code, namespace)
            for name in (first, second):
                kind = type(namespace[name])
                assert kind.__name__ != "module", (first, second)


def test_public_names_are_listed_and_others_refused():
    assert set(hexa_kernels.__all__) <= set(dir(hexa_kernels))
    with pytest.raises(AttributeError, match="nothing"):
        hexa_kernels.nothing  # noqa: B018


def test_workspace_and_run_are_the_sdk_s():
    import openhexa.sdk

    assert hexa_kernels.workspace is openhexa.sdk.workspace
    assert hexa_kernels.current_run is openhexa.sdk.current_run


def test_parents_of_a_path_are_made(files):
    path = Path(workspace_path("a", "b", "c.csv"))
    assert path.parent.is_dir()
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_named(files, setenv):
    (files / "a").write_text("a file")
    with pytest.raises(FolderNotWritableError) as raised:
        workspace_path("a", "b", "c.csv")
    assert raised.value.values == {"path": str(files / "a/b")}


def test_a_part_of_a_path_may_be_a_path(files):
    assert workspace_path(Path("a") / "b", "c.csv") == workspace_path("a/b/c.csv")


@pytest.mark.parametrize("part", [3, None, b"a", ["a"]])
def test_a_part_that_is_no_path_is_refused(part, files):
    with pytest.raises(InvalidArgumentError) as caught:
        workspace_path("a", part)
    assert type(part).__name__ in caught.value.hint


def test_scratch_that_cannot_be_made_is_replaced_with_a_warning(tmp_path, setenv):
    (tmp_path / "file").touch()
    setenv({"WORKSPACE_TMP_PATH": str(tmp_path / "file/tmp")})
    with pytest.warns(ScratchReplacedWarning):
        assert scratch_path("x") == str(Path(tempfile.gettempdir(), "x"))


def test_the_notebook_s_folder_is_the_working_directory_where_nobody_says_more(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert notebook_dir() == str(tmp_path)
