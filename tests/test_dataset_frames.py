"""Data frames to and from a dataset, in R: what the SDK leaves to its users."""

import pytest

from .server.recorded import recordings, token
from .server.replay import Replay

VERSION = "191f7bf1-6a6f-405c-8ad8-9c77f61dd204"
READ = "82ff7f70-0d52-497a-898b-ad1cac137b1d"


def run(r, server, number, version, code, folder):
    environment = {
        "HEXA_SERVER_URL": server.url,
        "HEXA_TOKEN": token(recordings()[number]["caller"]),
        "HEXA_WORKSPACE": "demo-workspace",
        "WORKSPACE_TMP_PATH": str(folder),
    }
    setup = f'version <- openhexaR:::new_version(list(id = "{version}"));'
    answer = r(setup + code, environment)
    assert not server.problems, answer
    assert not server.waiting, answer
    assert not list(folder.iterdir())  # nothing stays in scratch
    return answer


@pytest.mark.parametrize("call", ["write", "add_file"])
def test_a_frame_is_uploaded_in_the_format_of_the_name(call, r, tmp_path):
    """The bytes, the type and the steps are those that the SDK sent for this file."""
    frame = "data.frame(a = 1L, b = 2L)"
    code = f'version${call}({frame}, "plain.csv")$filename'
    with Replay(["112", "113", "114"]) as server:
        answer = run(r, server, "112", VERSION, code, tmp_path)
        (put,) = [q for q in server.requests if q["method"] == "PUT"]
    assert answer == {"value": "plain.csv"}
    assert put["body"] == b"a,b\n1,2\n"
    assert put["headers"]["content-type"] == "text/csv"


@pytest.mark.parametrize(
    "call", ['version$read("cases.csv")', 'version$get_file("cases.csv")$read()']
)
def test_a_file_is_read_in_the_format_of_its_name(call, r, tmp_path):
    with Replay(["078", "079", "080"]) as server:
        answer = run(r, server, "078", READ, call, tmp_path)
    rows = answer["value"]
    assert [row["year"] for row in rows] == [2020, 2020, 2021, 2021]
    missing = {"district": "Kédougou", "year": 2021, "cases": None, "rate": None}
    assert rows[2] == missing


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ('version$write(mtcars, "x.csv")', "row_names"),
        ('version$write(1, "x.csv")', "invalid_argument"),
        ('version$write(data.frame(a = 1), "x.xls")', "format_unsupported"),
        ('version$write(data.frame(a = 1), "x.nope")', "format_unknown"),
        ("version$add_file(data.frame(a = 1))", "missing_filename"),
    ],
)
def test_what_cannot_be_a_file_is_not_sent(code, error, r, tmp_path):
    with Replay([]) as server:
        answer = run(r, server, "112", VERSION, code, tmp_path)
        assert not server.requests
    assert answer["error"][0] == f"openhexa_error_{error}"
