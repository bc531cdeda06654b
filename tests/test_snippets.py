"""Every snippet of the catalogue runs in both kernels, and gives the same in each."""

import json

import geopandas
import pytest
import shapely
from click.testing import CliRunner

from hexa_kernels import hexa_snippet
from hexa_kernels.cli import main
from hexa_kernels.errors import InvalidArgumentError
from hexa_kernels.snippets import LANGUAGES, snippets

from .conftest import database_variables
from .connection_variables import (
    gcs_variables,
    postgresql_variables,
    s3_variables,
    service_variables,
)
from .server import dhis2 as dhis2_server
from .server import pipeline
from .server.replay import Replay
from .servers import connect
from .snippets_page import pages
from .test_vignette import CASES, asked_by_the_run

KERNELS = {"python": "openhexa-python", "r": "openhexa-r"}
# What each snippet makes that is compared; of the others, what the server was told.
RESULTS = {
    "paths": ["path", "scratch"],
    "files": ["cases"],
    "excel": ["from_excel"],
    "maps": ["districts"],
    "database": ["back"],
    "sql": ["recent"],
    "handle": ["years"],
    "connections": ["url"],
    "connect": ["visits"],
    "bucket": ["cases"],
    "dhis2": ["units"],
    "test_connection": [],
    "export_connection": ["url"],
    "dataset_read": ["published"],
    "dataset_write": ["filename"],
    "parameters": ["year", "regions"],
    "log": [],
    "outputs": ["path"],
    "configuration": ["api_url", "country"],
    "sharing": ["received"],
    "r_cells": ["totals"],
    "packages": [],
    "status": [],
}
TABLE = """\
district,year,cases,rate
Dakar,2020,120,0.12
Thiès,2021,45,0.5
Kédougou,2021,,
"""
SHOW = {
    "python": """
def show(x):
    if hasattr(x, "geometry"):
        x = x.to_wkt()
    return json.loads(x.to_json(orient="records")) if hasattr(x, "to_json") else x
import json
print(json.dumps([show(x) for x in [{names}]]))""",
    "r": """
show <- function(x) {{
  if (inherits(x, "sf")) {{
    wkt <- sf::st_as_text(sf::st_geometry(x))
    x <- cbind(sf::st_drop_geometry(x), geometry = wkt)
  }}
  x
}}
cat(jsonlite::toJSON(lapply(list({names}), show), auto_unbox = TRUE, na = "null",
  digits = NA))""",
}


@pytest.fixture
def workspace(files):
    """A workspace with the table, map and configuration that the snippets read."""
    (files / "data").mkdir()
    (files / "data/cases.csv").write_text(TABLE, "utf-8")
    (files / "maps").mkdir()
    districts = {
        "district": ["Mao", "Bol"],
        "geometry": shapely.points([[1, 2], [3, 4]]),
    }
    frame = geopandas.GeoDataFrame(districts, crs=4326)
    frame.to_file(files / "maps/districts.gpkg")
    (files / "configuration").mkdir()
    (files / "configuration/config.json").write_text('{"country": "TCD"}')
    return files


@pytest.fixture
def connections(database, s3, gcs, dhis2, setenv):
    """The connections that the snippets open, and what is behind them."""
    account = (dhis2_server.USERNAME, dhis2_server.PASSWORD)
    s3.client().put_object(Bucket="data", Key="cases.csv", Body=TABLE.encode())
    setenv(
        s3_variables("RAW_DATA", s3)
        | gcs_variables("RESULTS", gcs)
        | postgresql_variables("SURVEY_DB", database)
        | service_variables("DHIS2_PLAY", "dhis2", dhis2.url, *account)
    )
    with connect(database) as connection:
        connection.execute("CREATE TABLE visits AS SELECT 'Mao' AS place, 12 AS people")


@pytest.fixture
def server(workspace, database, connections, setenv):
    """A server that answers a pipeline's run what the snippets ask."""
    file = {"contentType": "text/csv", "uri": "cases.csv"}
    version = asked_by_the_run("101", datasetId=CASES, name="2024")
    upload = asked_by_the_run("110")
    upload["request"]["body"]["size"] = len(TABLE.encode())
    derived = [
        *map(asked_by_the_run, ("042", "054")),
        *(version, upload),
        *(asked_by_the_run(number, **file) for number in ("109", "111")),
        pipeline.log("WARNING", "12 districts without data"),
        pipeline.exchange("addPipelineOutput", pipeline.output_of("results/cases.csv")),
    ]
    recorded = ["078", "079", "080", "189"]
    with Replay(recorded, derived, once=False) as server:
        setenv(pipeline.variables_of(server, workspace) | database_variables(database))
        yield server
        assert not server.problems


def test_each_snippet_gives_the_same_in_both_languages(server, kernel):
    assert list(RESULTS) == list(snippets())
    found = {}
    for language, name in KERNELS.items():
        session = kernel(name)
        before = len(server.requests)
        for snippet, results in RESULTS.items():
            reply, outputs = session.run("\n".join(snippets()[snippet][language]))
            assert reply["status"] == "ok", (language, snippet, outputs)
            if results:
                code = SHOW[language].format(names=", ".join(results))
                found[language, snippet] = json.loads(session.result(code))
        found[language, "asked"] = changes(server.requests[before:])
    for snippet in (*RESULTS, "asked"):
        python, r = (found.get((language, snippet)) for language in LANGUAGES)
        assert python == r, snippet
    assert found["r", "asked"][-1] == TABLE.encode()


def changes(requests):
    """List the values that changed something on the server, and what was uploaded."""
    asked = [
        json.loads(request["body"])
        for request in requests
        if request["path"] == "/graphql/"
    ]
    uploads = [request["body"] for request in requests if request["method"] == "PUT"]
    return [q["variables"] for q in asked if "mutation" in q["query"]] + uploads


def test_both_languages_are_printed_or_one(capsys):
    hexa_snippet("r_cells")
    code = "totals <- aggregate(cases ~ district, cases, sum)\n"
    python = f"# Python\n%%R -i cases -o totals\n{code}"
    assert capsys.readouterr().out == f"{python}\n# R\n{code}"
    hexa_snippet("r_cells", "r")
    assert capsys.readouterr().out == code


def test_without_a_name_the_catalogue_is_listed(capsys, setenv):
    setenv({"HEXA_LANG": "fr"})
    hexa_snippet()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(snippets())
    assert lines[0].endswith(snippets()["paths"]["fr"])


def test_an_unknown_snippet_or_language_is_refused_with_what_there_is():
    with pytest.raises(InvalidArgumentError, match=r"paths, files, .*status"):
        hexa_snippet("tables")
    with pytest.raises(InvalidArgumentError, match="python, r"):
        hexa_snippet("database", "julia")


def test_the_command_prints_the_same(capsys):
    run = CliRunner().invoke
    hexa_snippet("database", "r")
    assert run(main, ["snippet", "database", "--language", "r"]).output == (
        capsys.readouterr().out
    )
    refused = run(main, ["snippet", "tables"])
    assert (refused.exit_code, refused.output[:18]) == (1, "[invalid_argument]")
    assert "handle" in run(main, ["snippet"]).output


def test_the_pages_of_the_docs_are_current():
    for path, text in pages().items():
        assert path.read_text("utf-8") == text, f"{path.name} differs: make sync"
