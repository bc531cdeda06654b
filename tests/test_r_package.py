"""The R package: its own tests, and R CMD check."""

import re
import shutil
import subprocess

import pytest

from .conftest import ROOT, database_variables, require
from .server.calls import CALLS
from .server.recorded import recordings
from .server.replay import Replay

PACKAGE = ROOT / "r/openhexaR"
TESTS = sorted((PACKAGE / "tests/testthat").glob("test-*.R"))


@pytest.fixture(scope="module")
def recorded_server():
    """A server that answers whatever was recorded, as often as it is asked."""
    derived = [answer for call in CALLS for answer in call.replayed("r")[1]]
    # Others refuse what these accept: the same name a second time.
    numbers = [n for n in recordings() if n not in ("101", "109", "110", "111")]
    with Replay(numbers, derived, once=False) as server:
        yield server


@pytest.fixture
def r_variables(running_database, recorded_server, setenv):
    """R's tests get the database and the server as HEXA_TEST_…, and nothing else."""
    require("rscript", shutil.which("Rscript") is not None)
    found = database_variables(running_database.database)
    names = {name: name.replace("WORKSPACE_", "HEXA_TEST_") for name in found}
    setenv({names[name]: value for name, value in found.items()})
    setenv({"HEXA_TEST_SERVER_URL": recorded_server.url})
    setenv({"HEXA_TEST_REQUIRE": "postgres,server", "NOT_CRAN": "true"})


@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.name)
def test_r(file, r_variables):
    code = f"""
    library(testthat)
    results <- test_file("{file}", package = "openhexaR", load_package = "installed",
                         reporter = "check", stop_on_failure = TRUE)
    table <- as.data.frame(results)
    stopifnot(nrow(table) > 0, !any(table$skipped))
    """
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.fixture
def offline_cran(tmp_path, setenv):
    """An empty CRAN: the check asks it whether packages are orphaned."""
    place = tmp_path / "cran"
    (place / "web/packages").mkdir(parents=True)
    (place / "src/contrib").mkdir(parents=True)
    (place / "src/contrib/PACKAGES").touch()
    profile = tmp_path / "profile.R"
    profile.write_text(f'options(repos = c(CRAN = "file://{place}"))\n')
    table = "data.frame(Package = character(), Maintainer = character())"
    code = f"saveRDS({table}, '{place}/web/packages/packages.rds')"
    subprocess.run(["Rscript", "--no-init-file", "-e", code], check=True)
    setenv({"R_PROFILE": str(profile)})
    # These questions need the network.
    setenv({"_R_CHECK_CRAN_INCOMING_": "false", "_R_CHECK_SYSTEM_CLOCK_": "false"})
    setenv({"_R_CHECK_FORCE_SUGGESTS_": "false"})
    setenv({"_R_CHECK_DOC_SIZES_": "false"})  # of PDFs, by qpdf: there are none


@pytest.mark.timeout(600)
def test_r_cmd_check_finds_nothing(dist, r_variables, offline_cran, tmp_path):
    (archive,) = dist.glob("openhexaR_*.tar.gz")
    check = subprocess.run(
        ["R", "CMD", "check", "--as-cran", "--no-manual", archive],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout
    findings = re.findall(
        r"^\* checking .*(?:NOTE|WARNING|ERROR)\n(?:[^*].*\n)*", check, re.M
    )
    # Debian has another driver than RPostgres, and no reader of parquet.
    unavoidable = (
        r"suggested but not available.*(\s*['‘](RPostgres|arrow|nanoparquet)['’],?)+$"
    )
    assert "* DONE" in check, check
    assert [t for t in findings if not re.search(unavoidable, t.strip())] == [], check
