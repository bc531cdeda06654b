"""The table of sdk_parity() against the installed SDK, and against recorded answers."""

import csv
import json
import shutil
import subprocess
import typing

import openhexa.sdk
import pytest
from openhexa.graphql.graphql_client import (
    GetWebappBySlugWebapp,
    WorkspaceWorkspaceCountries,
)
from openhexa.sdk.datasets.dataset import DatasetFile, DatasetVersion
from openhexa.sdk.pipelines.current_pipeline import CurrentPipeline
from openhexa.sdk.pipelines.run import CurrentRun
from openhexa.sdk.workspaces.connection import ConnectionClasses
from pydantic import BaseModel

from .conftest import ROOT, require
from .server.replay import Replay, recordings, token

with (ROOT / "r/openhexaR/inst/sdk_parity.csv").open(encoding="utf-8") as file:
    TABLE = {row["member"]: row for row in csv.DictReader(file)}


def public(names):
    return {name for name in names if not name.startswith("_")}


def members(kind, *values):
    """List what users see of an object: its class, and the object itself."""
    return public(dir(kind(*values)))


def fields(model, prefix):
    """List the fields of a record of the server, with those of records inside."""
    for name, field in model.model_fields.items():
        if name.startswith("typename"):
            continue
        yield f"{prefix}.{name}"
        for kind in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from fields(kind, f"{prefix}.{name}")


def sdk_members():
    found = set(openhexa.sdk.__all__)
    objects = {
        "workspace": members(type(openhexa.sdk.workspace)),
        "current_run": members(CurrentRun),
        "current_pipeline": members(CurrentPipeline),
        "Dataset": members(openhexa.sdk.Dataset, *"islno"),
        "DatasetVersion": members(DatasetVersion, *"dinc"),
        "DatasetFile": members(DatasetFile, *"viuftc"),
        "File": members(openhexa.sdk.File, *"npst"),
    }
    for kind in ConnectionClasses.values():
        values = kind.__dataclass_fields__.keys() - {"identifier"}
        objects[kind.__name__] = members(kind, *values)
    for owner, names in objects.items():
        found |= {f"{owner}.{name}" for name in names}
    found |= set(fields(GetWebappBySlugWebapp, "Webapp"))
    found |= set(fields(WorkspaceWorkspaceCountries, "Country"))
    return found


def test_every_public_member_of_the_sdk_is_listed_and_nothing_else():
    found = sdk_members()
    assert found - set(TABLE) == set(), "not in sdk_parity.csv"
    assert set(TABLE) - found == set(), "not in the SDK"


def test_the_listing_sees_attributes_properties_and_methods():
    """Guards the introspection itself: one member of every kind."""
    assert sdk_members() >= {
        "workspace.slug",
        "workspace.get_file",
        "Dataset.source_workspace_slug",
        "DatasetFile.version",
        "PostgreSQLConnection.url",
        "CustomConnection.identifier",
        "Webapp.created_by.display_name",
        "Country.alpha_3",
    }


# Records that only a server sends: how to get one, and the recording that answers.
RECORDS = {
    "File": ("208", 'workspace$get_file("readme.txt")'),
    "Webapp": ("214", 'workspace$get_webapp("carte-sanitaire")'),
    "Country": ("191", "workspace$countries"),
}
WALK = """
walk <- function(x, path) {
  names <- if (is.environment(x)) ls(x) else names(x)
  paths <- file.path(path, names, fsep = "$")
  inner <- lapply(names, function(name) {
    if (is.list(x[[name]])) walk(x[[name]], file.path(path, name, fsep = "$"))
  })
  c(class(x), paths, unlist(inner))
}
walk(CALL, PLACE)
"""


def enter(setenv, server, number):
    """Be the caller of a recording, in Python and in R."""
    recording = recordings()[number]
    setenv(
        {
            "HEXA_SERVER_URL": server.url,
            "HEXA_TOKEN": token(recording["caller"]),
            "HEXA_WORKSPACE": recording["workspace"],
        }
    )


def json_of_r(code):
    """Run code in R; give the value of its last line, through JSON."""
    require("rscript", shutil.which("Rscript") is not None)
    code = f"library(openhexaR); x <- {{ {code} }}"
    code += "; cat(jsonlite::toJSON(x, auto_unbox = TRUE))"
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("owner", RECORDS)
def test_every_field_of_a_record_is_where_the_table_says(owner, setenv):
    number, call = RECORDS[owner]
    rows = [row for name, row in TABLE.items() if name.partition(".")[0] == owner]
    place = call if owner == "Country" else owner.lower()
    code = WALK.replace("CALL", call).replace("PLACE", f'"{place}"')
    with Replay([number]) as server:
        enter(setenv, server, number)
        found = json_of_r(code)
    assert rows and all(row["r"] for row in rows)
    assert {row["r"] for row in rows} <= set(found)


def test_a_notebook_that_imported_the_sdk_runs_as_it_is(setenv):
    """With what belongs to what, as in the SDK."""
    with Replay(["042", "054", "060"]) as server:
        enter(setenv, server, "042")
        found = json_of_r("""
        dataset <- openhexa$workspace$get_dataset("malaria-cases")
        version <- dataset$latest_version
        file <- version$get_file("cases.csv")
        if (!is.null(openhexa$current_run)) openhexa$current_run$log_debug("read")
        list(file = file$filename, version = identical(file$version, version),
             dataset = identical(version$dataset, dataset))
        """)
        assert (server.problems, server.waiting) == ([], [])
    assert found == {"file": "cases.csv", "version": True, "dataset": True}


def test_what_is_made_or_listed_belongs_to_its_parent_too(setenv):
    numbers = ["101", "109", "110", "111"]
    dataset_id = recordings()["101"]["request"]["graphql"]["variables"]["input"]
    with Replay(numbers) as server:
        enter(setenv, server, "101")
        found = json_of_r(f"""
        dataset <- openhexaR:::new_dataset(list(id = "{dataset_id["datasetId"]}"))
        version <- dataset$create_version("première")
        file <- version$add_file(charToRaw("hello\\n"), "hello.txt")
        c(identical(version$dataset, dataset), identical(file$version, version))
        """)
        assert (server.problems, server.waiting) == ([], [])
    assert found == [True, True]
    lists = recordings()["059"]["request"]["graphql"]["variables"]["versionId"]
    with Replay(["059"]) as server:
        enter(setenv, server, "059")
        found = json_of_r(f"""
        version <- openhexaR:::new_version(list(id = "{lists}"))
        owners <- lapply(version$files, function(file) file$version)
        list(length(owners) > 1, all(vapply(owners, identical, NA, version)))
        """)
    assert found == [True, True]


def test_a_connection_is_found_by_one_way_alone_as_in_the_sdk(setenv):
    setenv({"DHIS2_PLAY": "dhis2", "DHIS2_PLAY_URL": "https://env.example.org"})
    workspace = openhexa.sdk.workspace
    call = (
        "c <- workspace$get_connection_from_{way}('{name}');"
        "if (is.null(c)) NULL else list(attr(c, 'type'), c$url, c$username)"
    )
    for way, name, numbers in [
        ("env", "dhis2-play", []),
        ("env", "nope", []),
        ("api", "dhis2-play", ["004"]),
        ("api", "nope", ["014"]),
    ]:
        with Replay(numbers) as server:
            enter(setenv, server, "004")
            found = getattr(workspace, f"get_connection_from_{way}")(name)
            assert (server.problems, server.waiting) == ([], [])
        with Replay(numbers) as server:
            enter(setenv, server, "004")
            answer = json_of_r(call.format(way=way, name=name)) or None
            assert (server.problems, server.waiting) == ([], [])
        if found is not None:
            fields, kind = found
            found = [kind, fields["url"], fields["username"] or {}]
        assert answer == found
