"""Writes the tables of docs/…/sdk-differences.md: ``make sync``.

They say what the compared calls and the shared vectors check, so that the page cannot
claim what no test shows. differences.json has the texts.
"""

import json
from pathlib import Path

from ..doc_tables import ROOT, code, filled, table
from .calls import CALLS, Call, load

TEXTS = load("differences.json")


def from_vector(vector: dict) -> Call:
    """Read a vector of tests/contract as a call."""
    verb, *arguments = vector["call"]
    match verb, arguments:
        case "get", [member]:
            python = f"workspace.{member}"
        case "connection", [accessor, identifier]:
            python = f"workspace.{accessor}('{identifier}')"
        case _:
            python = verb
    if len(vector["env"]) == 1:
        python += "  # " + "=".join(*vector["env"].items())
    return Call(
        recordings="",
        python=python,
        raises=vector.get("sdk_error", ""),
        error=vector.get("error_r", vector.get("error", "")),
        decision=str(vector.get("decision", "")),
        value=vector.get("expect"),
        r_value=vector.get("expect_r"),
    )


def all_calls() -> list[Call]:
    vectors = json.loads((ROOT / "tests/contract/vectors.json").read_text("utf-8"))
    return [*CALLS, *map(from_vector, vectors)]


def value(found: object) -> str:
    return code(json.dumps(found, ensure_ascii=False))


def differences(language: str) -> list[list[str]]:
    """One row for each decision, with the first call that shows it."""
    rows = []
    for decision, texts in TEXTS["decisions"].items():
        call = next(c for c in all_calls() if c.decision == decision)
        rows.append(
            [
                texts[language],
                code(call.python),
                code(call.raises) if call.raises else value(call.value),
                code(call.error) if call.error else value(call.r_value),
            ]
        )
    return rows


def errors() -> list[list[str]]:
    """Every condition of R that a call shows, with the exceptions of the SDK."""
    names = {}
    for call in all_calls():
        if call.error and call.raises:
            names.setdefault(call.error, {})[call.raises] = None
    return [
        [code(f"openhexa_error_{name}"), ", ".join(map(code, names[name]))]
        for name in sorted(names)
    ]


def pages() -> dict[Path, str]:
    """Give the text that each page must have."""
    found = {}
    for language, headings in TEXTS["headings"].items():
        path = ROOT / "docs" / language / "sdk-differences.md"
        tables = {
            "differences": table(headings, differences(language)),
            "errors": table(["openhexaR", "SDK"], errors()),
        }
        found[path] = filled(path, tables)
    return found


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
