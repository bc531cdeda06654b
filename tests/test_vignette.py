"""The right-hand sides of the vignette run in one session, in a pipeline's run."""

import copy
import json
import re
import subprocess

from .conftest import ROOT, database_variables
from .server import pipeline
from .server.recorded import recordings
from .server.replay import Replay

VIGNETTES = [ROOT / f"r/openhexaR/vignettes/openhexaR{s}.Rmd" for s in ("", "-fr")]
CASES = "c145bbf7-10b3-4894-a174-998789ac026a"


def chunks(path) -> list[str]:
    """List the R code that the vignette shows as today's replacement."""
    return re.findall(r"```\{r \w+\}\n(.*?)```", path.read_text("utf-8"), re.DOTALL)


def asked_by_the_run(number: str, **variables) -> dict:
    """Let a pipeline's run ask what a member asked when it was recorded."""
    recording = copy.deepcopy(recordings()[number])
    recording["caller"] = pipeline.CALLER
    if variables:
        recording["request"]["graphql"]["variables"]["input"] |= variables
    return recording


def test_the_right_hand_sides_run(database, files, setenv, tmp_path):
    path = files / "configuration" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"COUNTRY_CODE": "BFA"}))
    derived = [
        *map(asked_by_the_run, ("042", "054", "109", "110", "111")),
        asked_by_the_run("101", datasetId=CASES),
        pipeline.log("WARNING", "12 districts without data"),
        pipeline.exchange("addPipelineOutput", pipeline.output_of("out/cases.csv")),
    ]
    code = """
stopifnot(
  path == file.path(workspace$files_path, "data", "dhis2", "cases.csv"),
  cases$district[[1]] == "Dakar", isTRUE(all.equal(again, cases)), country == "BFA",
  identical(year, 2024L), identical(districts, c("Kaya", "Dori")),
  shared$api_url == workspace$configuration$api_url,
  nrow(DBI::dbReadTable(con, "cases")) == 4
)
"""
    with Replay(["078", "079", "080", "189", "022"], derived, once=False) as server:
        setenv(
            {
                **pipeline.variables_of(server, files),
                **database_variables(database),
            }
        )
        script = tmp_path / "vignette.R"
        script.write_text("\n".join([*chunks(VIGNETTES[0]), code]), "utf-8")
        done = subprocess.run(
            ["Rscript", "--no-init-file", script], capture_output=True, text=True
        )
        assert not server.problems, server.problems
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING 12 districts without data" in done.stdout
    assert "https://play.example.org/dhis" in done.stdout


def test_both_languages_show_the_same_code():
    english, french = (path.read_text("utf-8") for path in VIGNETTES)
    blocks = re.compile(r"```(?:r|\{r \w+\})\n.*?```", re.DOTALL)
    assert len(chunks(VIGNETTES[0])) == 11
    assert blocks.findall(english) == blocks.findall(french)
