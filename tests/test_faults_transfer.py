"""Downloads and uploads of dataset files that go wrong, or are large.

RSession fails any of these tests when the token shows in whatever R says.
"""

import copy
import gzip
import hashlib
import os
import re
import shutil
import subprocess

import pytest

from .conftest import require
from .server import faults
from .server.calls import Call
from .server.r_session import RSession, code_of, through
from .server.recorded import content_of, derived, recordings
from .server.replay import Replay

DOWNLOAD = Call(recordings="067 068", python="", r="file$download(path('cases.csv'))")
UPLOAD = Call(recordings="112 113 114", python="version.add_file(path('plain.csv'))")
CSV = content_of(recordings()["068"])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plain.csv").write_bytes(b"a,b\n1,2\n")
    return tmp_path


# Downloads --------------------------------------------------------------------------


def test_a_link_that_ran_out_is_asked_for_once_more(r, folder):
    server = Replay(["067", "067", "068"], faults=[None, faults.recorded("182")])
    answer, requests = through(r, DOWNLOAD, folder, server=server)
    assert answer == {"value": str(folder / "cases.csv")}
    assert (folder / "cases.csv").read_bytes() == CSV
    assert [q["method"] for q in requests] == ["POST", "GET"] * 2


GONE = faults.recorded("182")
BAD_DOWNLOADS = {
    "link ran out twice": ([None, GONE, None, GONE], "server_status", 4),
    "cut body": ([None, *[faults.cut] * 3], "server_unreachable", 4),
    "stalled": ([None, faults.stalled(12)], "server_unreachable", 2),
    "no link": ([faults.recorded("162")], "file_not_found", 1),
}


@pytest.mark.parametrize("name", BAD_DOWNLOADS)
def test_a_failed_download_leaves_nothing_and_keeps_what_was_there(name, r, folder):
    faulty, code, number = BAD_DOWNLOADS[name]
    (folder / "cases.csv").write_text("of yesterday")
    server = Replay(["067", "067", "068", "068", "068"], faults=faulty)
    answer, requests = through(r, DOWNLOAD.within(1), folder, server=server)
    assert code_of(answer) == code
    assert len(requests) == number
    assert (folder / "cases.csv").read_text() == "of yesterday"
    assert {path.name for path in folder.iterdir()} == {"cases.csv", "plain.csv"}


def test_a_cut_download_is_tried_again_from_its_start(r, folder):
    server = Replay(["067", "068", "068"], faults=[None, faults.cut])
    through(r, DOWNLOAD, folder, server=server)
    assert (folder / "cases.csv").read_bytes() == CSV


def test_the_page_of_a_failed_try_is_no_part_of_an_empty_file(r, folder):
    call = Call(recordings="072 073 074", python="version.get_file('vide.bin').read()")
    answer, _ = through(r, call, folder, [None, None, faults.status(502)])
    assert answer == {"value": ""}


@pytest.mark.parametrize("target", ["", "new/folder/z.csv"])
def test_a_download_goes_into_a_folder_under_its_own_name(target, r, folder):
    call = Call(
        recordings=DOWNLOAD.recordings, python="", r=f"file$download(path('{target}'))"
    )
    through(r, call, folder)
    assert (folder / (target or "z.csv")).read_bytes() == CSV


def test_a_download_to_where_no_file_can_be_says_so(r, folder):
    (folder / "taken/z.csv").mkdir(parents=True)
    for target in ("plain.csv/x.csv", "../../../../../../proc/x.csv", "taken"):
        call = Call(
            recordings="067 068", python="", r=f"file$download(path('{target}'))"
        )
        answer, _ = through(r, call, folder)
        assert code_of(answer) == "folder_not_writable"


def test_any_file_name_is_good_in_scratch(r, folder):
    code = """openhexaR:::new_file(list(
      id = file$id, uri = "a/b/sub/~$budget \u00e9t\u00e9.xlsx"
    ))$download()"""
    call = Call(recordings=DOWNLOAD.recordings, python="", r=code)
    answer, _ = through(r, call, folder)
    assert answer["value"].startswith(str(folder / "datasets"))
    assert answer["value"].endswith("/~$budget été.xlsx")


# Uploads ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.reset, "server_unreachable"),
        (faults.status(503), "server_status"),
        (faults.recorded("180"), "server_status"),  # a link that ran out
        (faults.recorded("178"), "server_status"),  # a redirect, to be sent again
        (faults.status(413), "file_too_large"),
    ],
)
def test_bytes_are_sent_once_and_a_failed_file_is_not_registered(
    fault, code, r, folder
):
    answer, requests = through(r, UPLOAD, folder, [None, fault])
    assert code_of(answer) == code
    assert [q["method"] for q in requests] == ["POST", "PUT"]


def test_the_link_of_an_upload_is_asked_for_again(r, folder):
    answer, requests = through(r, UPLOAD, folder, [faults.status(502)])
    assert "error" not in answer
    assert [q["method"] for q in requests] == ["POST", "POST", "PUT", "POST"]


def test_a_compressed_file_is_sent_as_it_is(r, folder):
    content = gzip.compress(b"a,b\n1,2\n", mtime=0)
    (folder / "plain.csv").write_bytes(content)
    put = copy.deepcopy(recordings()["113"])
    put["request"]["body"]["size"] = len(content)
    _, requests = through(r, UPLOAD, folder, server=Replay(["112", "114"], [put]))
    assert requests[1]["body"] == content


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({}, {"content-type": "text/csv"}),
        (
            {"x-ms-blob-type": "BlockBlob", "Content-Type": "text/csv"},
            {"x-ms-blob-type": "BlockBlob", "content-type": "text/csv"},
        ),
    ],
)
def test_the_headers_of_the_link_are_sent(headers, sent, r, folder):
    link = derived("112", {})
    body = link["response"]["body"]["json"]["data"]["generateDatasetUploadUrl"]
    body["headers"] = headers
    server = Replay(["113", "114"], [link])
    _, requests = through(r, UPLOAD, folder, server=server)
    assert sent.items() <= requests[1]["headers"].items()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("path('nope.csv')", "path_not_found"),
        ("path('.')", "path_not_found"),
        ("42, 'x.txt'", "invalid_argument"),
        ("textConnection('x'), 'x.txt'", "invalid_argument"),
        ("charToRaw('x')", "missing_filename"),
        ("charToRaw('x'), 3", "invalid_argument"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_the_server_is_asked(
    source, code, r, folder
):
    call = Call(recordings="112", python="", r=f"version$add_file({source})")
    answer, requests = through(r, call, folder)
    assert code_of(answer) == code
    assert requests == []


# Large files ------------------------------------------------------------------------

SIZE = 200 * 1024**2
PIECE = bytes(range(256)) * 4096


@pytest.fixture
def fresh_r():
    """An R process of its own, whose memory is measured."""
    require("rscript", shutil.which("Rscript") is not None)
    with RSession() as session:
        yield session


def growth_mb(r, run) -> float:
    before = r.peak_memory_mb()
    run()
    return r.peak_memory_mb() - before


def test_a_download_of_200_mb_needs_little_memory(fresh_r, folder):
    through(fresh_r, DOWNLOAD, folder)
    server = Replay(["067", "068"], faults=[None, faults.grown(SIZE, PIECE)])
    grown = growth_mb(
        fresh_r, lambda: through(fresh_r, DOWNLOAD, folder, server=server)
    )
    assert grown < 20
    with (folder / "cases.csv").open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
    assert found.digest() == hashlib.sha256(PIECE * (SIZE // len(PIECE))).digest()


def test_an_upload_of_200_mb_needs_little_memory(fresh_r, folder):
    through(fresh_r, UPLOAD, folder)
    with (folder / "plain.csv").open("wb") as file:
        for _ in range(SIZE // len(PIECE)):
            file.write(PIECE)
    put = copy.deepcopy(recordings()["113"])
    put["request"]["body"]["size"] = SIZE
    # A connection that was left open would be warned of when it is collected.
    call = Call(
        recordings="112 114", python="", r=f"{UPLOAD.code('r')}$id; invisible(gc())"
    )
    server = Replay(["112", "114"], [put])
    answers = []
    grown = growth_mb(
        fresh_r, lambda: answers.append(through(fresh_r, call, folder, server=server))
    )
    ((answer, requests),) = answers
    assert "error" not in answer
    assert "said" not in answer
    assert requests[1]["body"] == PIECE * (SIZE // len(PIECE))
    assert requests[1]["headers"]["content-length"] == str(SIZE)
    assert grown < 80  # R collects what was read and sent at each 64 MB


@pytest.mark.parametrize("flag", ["--interactive", "--no-save"])
def test_a_bar_shows_how_far_a_large_download_is_where_somebody_watches(flag, folder):
    require("rscript", shutil.which("R") is not None)
    size = 6 * 1024**2
    with Replay(["067", "068"], faults=[None, faults.grown(size, PIECE)]) as server:
        environment = DOWNLOAD.environment(server.url)
        done = subprocess.run(
            ["R", flag, "--no-echo", "--no-save", "--no-init-file", "--no-readline"],
            input=f"library(openhexaR)\n{{{DOWNLOAD.r_program(folder)}}}\n",
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert environment["HEXA_TOKEN"] not in done.stdout + done.stderr
    assert (folder / "cases.csv").stat().st_size == size
    bar = re.findall(r"\|=+ *\| +(\d+)%", done.stderr)
    assert (bar[-1:] == ["100"]) == (flag == "--interactive"), done.stderr
    assert ("z.csv" in done.stderr) == (flag == "--interactive")
