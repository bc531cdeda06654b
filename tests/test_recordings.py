"""Every recorded exchange is used by a test, or listed with the reason why not."""

import re

from .conftest import ROOT
from .server.recorded import recordings

UNUSED = [
    ("028", "no Authorization header: the SDK and R always send one"),
    ("035", "a page size that neither asks for"),
    ("038-041", "pages that do not exist: neither asks for one"),
    ("098", "createDataset without a description: both send it"),
    ("160-161", "a registration without bytes: both send them first"),
    ("163", "a registration alone: both ask for a link first, which is refused (136)"),
    ("169", "an id that is none: both have ids from the server"),
    ("170", "the same null as 168"),
    ("172", "a workspace's name, which neither asks for"),
    ("173", "sizes, previews and properties of files, which neither asks for"),
    ("174-177", "the upload's link used by POST, again and again: both send one PUT"),
    ("179", "a made-up upload link, refused as one that ran out (180)"),
    ("181", "a made-up download link, refused as one that ran out (182)"),
    ("183-186", "other ways to read a download link: both send one plain GET"),
    ("196", "a list as configuration, by a request with other fields than both send"),
    ("205", "null as configuration, which R refuses before it asks"),
    ("219", "the generated GraphQL client, which R leaves out"),
    ("221-225", "the generated GraphQL client and sharing, which R leaves out"),
    ("228-232", "making connections and tokens, which workspace does not do"),
    ("235-237", "queries as neither sends them"),
    ("240", "a form in place of JSON, which neither sends"),
    ("243-245", "other forms of the address and of the token"),
    ("247-248", "the readiness check; a client that takes no compression"),
    ("253-263", "files of the bucket by signed links: workspace has them on disk"),
    ("264-276", "logins and POST /workspaces/credentials/, which the hub sends"),
    ("278-284", "POST /workspaces/credentials/, which the hub sends"),
]


def spread(numbers: str) -> set[str]:
    first, _, last = numbers.partition("-")
    return {f"{n:03}" for n in range(int(first), int(last or first) + 1)}


def named_in_tests() -> set[str]:
    """Find the numbers that tests name: quoted, alone or in a row."""
    files = [*ROOT.glob("tests/*.py"), *ROOT.glob("tests/server/*.py")]
    files += [ROOT / "tests/server/calls.json"]
    text = "".join(
        path.read_text("utf-8") for path in files if path.name != "test_recordings.py"
    )
    rows = re.findall(r"""["'](\d{3}(?: \d{3})*)["']""", text)
    return {number for row in rows for number in row.split()}


def test_no_recording_is_forgotten():
    listed = [number for numbers, _ in UNUSED for number in spread(numbers)]
    assert len(listed) == len(set(listed))
    used = named_in_tests() & set(recordings())
    assert sorted(set(recordings()) - used - set(listed)) == [], "used by no test"
    assert sorted(used & set(listed)) == [], "listed as unused, but a test names it"
    assert sorted(set(listed) - set(recordings())) == [], "listed, but not there"
