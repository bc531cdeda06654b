"""The calls that the SDK and openhexaR are compared by: calls.json, one call a line.

Without ``raises``, ``error`` and ``decision``, both must give the same value. In the
code, ``dataset``, ``version`` and ``file`` have the ids that the recordings are about,
and ``path(name)`` is a file on disk that holds what was recorded.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from . import recorded

DEFAULT = {"caller": "workspace member, role ADMIN", "workspace": "demo-workspace"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the SDK, its twin in R, and how the outcomes compare.

    Attributes
    ----------
    recordings, r_recordings : str
        Numbers in the order of the requests; R's, where it asks more or less often.
    python, r : str
        The code. Without ``r``: the Python code with ``$`` for ``.``.
    raises, error : str
        Class of the SDK's exception, code of R's condition.
    decision : str
        Why R differs on purpose: a key of differences.json, which then has its texts.
    value, r_value
        With a decision: what the SDK and R give, unless they fail.
    counts_requests : bool
        Whether the number of requests is compared in place of the values.
    answers, r_answers : str
        The function of recorded.py that derives the answers from the first recording;
        ``r_answers`` where R asks in another way than the SDK.
    workspace : str
        HEXA_WORKSPACE, if not the recording's.
    without : str
        A variable that is not set.
    """

    recordings: str
    python: str
    r: str = ""
    r_recordings: str | None = None
    raises: str = ""
    error: str = ""
    decision: str = ""
    value: object = None
    r_value: object = None
    counts_requests: bool = False
    answers: str = ""
    r_answers: str = ""
    workspace: str = ""
    without: str = ""

    def code(self, language: str) -> str:
        return self.python if language == "python" else self.r or twin(self.python)

    def within(self, seconds: str | float) -> "Call":
        """Give the call with another time limit in R."""
        limit = f"list(openhexaR.timeout_s = {seconds})"
        return replace(self, r=f"withr::with_options({limit}, {self.code('r')})")

    def replayed(self, language: str) -> tuple[list[str], list[dict]]:
        """Give the numbers of recordings, and derived ones, to answer from."""
        derive, numbers = self.answers, self.recordings.split()
        if language == "r":
            derive = self.r_answers or derive
            if self.r_recordings is not None:
                numbers = self.r_recordings.split()
        if derive:
            return numbers[1:], getattr(recorded, derive)(numbers[0])
        return numbers, []

    def environment(self, url: str) -> dict[str, str]:
        first = recorded.recordings()[self.recordings[:3]] if self.recordings else {}
        facts = DEFAULT | {name: first[name] for name in DEFAULT if first.get(name)}
        variables = {
            "HEXA_SERVER_URL": f"{url}/",
            "HEXA_TOKEN": recorded.token(facts["caller"]),
            "HEXA_WORKSPACE": self.workspace or facts["workspace"],
            "WORKSPACE_FILES_PATH": "/home/hexa/workspace",
        }
        return {k: v for k, v in variables.items() if k != self.without}

    def ids(self) -> dict[str, str]:
        """Give the ids of dataset, version and file that the requests are about."""
        found = {"datasetId": "-", "versionId": "-", "fileId": "-"}
        for number in reversed(self.recordings.split()):
            asked = recorded.recordings()[number]["request"].get("graphql") or {}
            variables = asked.get("variables") or {}
            found |= {**variables, **variables.get("input", {})}
        return {name: found[name] for name in ("datasetId", "versionId", "fileId")}

    def r_program(self, folder: Path) -> str:
        """Give R's code, with the names it may use."""
        ids = self.ids()
        return f"""
        dataset <- openhexaR:::new_dataset(list(id = "{ids["datasetId"]}"))
        version <- openhexaR:::new_version(list(id = "{ids["versionId"]}"))
        file <- openhexaR:::new_file(list(id = "{ids["fileId"]}", uri = "x/y/z.csv"))
        path <- function(name) file.path("{folder}", name)
        {self.code("r")}
        """


def twin(python: str) -> str:
    """Translate a simple call into R: ``.`` in Python is ``$`` in R."""
    words = {"None": "NULL", ".": "$", "[": "list(", "]": ")"}

    def translated(match):
        text = match[0]
        return f"charToRaw({text[1:]})" if text[0] == "b" else words.get(text, text)

    code = re.sub(r"b?'(?:[^'\\]|\\.)*'|\bNone\b|[].[]", translated, python)
    return code.replace("$read()", "$read_raw()")


def load(name: str):
    return json.loads(Path(__file__).with_name(name).read_text("utf-8"))


CALLS = [Call(**row) for row in load("calls.json")]
