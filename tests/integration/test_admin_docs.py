"""The commands of docs/en/admin.md, in an environment that stands for an image's."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from ..conftest import ONLINE, ROOT, require
from ..test_overlay import PLAIN, state


def blocks(language, kind):
    text = (ROOT / f"docs/{language}/admin.md").read_text("utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def run(tmp_path, dist):
    """Run lines in a new environment, with a library of its own for R."""
    require("rscript", shutil.which("R") is not None)
    environment = tmp_path / "conda"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    # An image has nanoarrow; this machine has it where make put it.
    shutil.copytree(ROOT / ".rlib/nanoarrow", tmp_path / "library/nanoarrow")
    (tmp_path / "dist").symlink_to(dist)
    variables = {
        **os.environ,
        "HOME": str(tmp_path),
        "PATH": f"{environment}/bin:{os.environ['PATH']}",
        "R_LIBS": str(tmp_path / "library"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def run(lines, **more):
        for here, there in [("/opt/conda", environment), ("/tmp/dist", dist)]:
            lines = lines.replace(here, str(there))
        done = subprocess.run(
            [*ONLINE, "bash", "-euo", "pipefail", "-c", lines],
            cwd=tmp_path,
            env={**variables, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run.environment = environment
    return run


def test_both_languages_have_the_same_commands():
    for kind in ("dockerfile", "sh", "python"):
        assert blocks("en", kind)
        assert blocks("en", kind) == blocks("fr", kind)


@pytest.mark.timeout(900)
def test_the_lines_for_an_image_install_and_those_of_removal_undo_it(run, tmp_path):
    kernels = run.environment / "share/jupyter/kernels"
    (kernels / "ir").mkdir(parents=True)
    (kernels / "ir/kernel.json").write_text(json.dumps(PLAIN))
    before = state(kernels)
    base, with_r = (
        [line[4:] for line in block.splitlines() if line.startswith("RUN ")]
        for block in blocks("en", "dockerfile")
    )
    for line in base:
        shown = run(line)
    assert shown.count("(starts)") == 2
    for line in with_r:
        if not line.startswith("mamba "):
            shown = run(line)
    assert shown.count("(starts)") == 4
    for name in ("openhexa-python", "openhexa-r", "python3", "ir"):
        assert f"{name}: {kernels}/{name} (starts)" in shown

    shown = run(blocks("en", "sh")[-1])
    assert f"ir: {kernels}/ir restored" in shown
    assert {path.name for path in kernels.iterdir()} == {"ir", "python3"}
    assert {**state(kernels), **before} == state(kernels)
    assert "ipykernel_launcher" in (kernels / "python3/kernel.json").read_text()
    assert [path.name for path in (tmp_path / "library").iterdir()] == ["nanoarrow"]
    assert not list(run.environment.glob("lib/*/site-packages/hexa_kernels*"))


@pytest.mark.timeout(900)
def test_the_lines_for_a_machine_without_network_need_none(run, tmp_path):
    download, install, r_alone, _ = blocks("en", "sh")
    run(download)
    nowhere = "http://127.0.0.1:9"  # nothing listens there
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), nowhere)
    shown = run(install, **proxies)
    assert shown.count("(starts)") == 2
    library = tmp_path / "library/openhexaR"
    shutil.rmtree(library)
    run(r_alone, **proxies)
    assert (library / "DESCRIPTION").exists()
