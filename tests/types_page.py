"""The published table of types, written from what crosses in a run: ``make types``."""

import sys
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

from hexa_kernels import crossing_report, from_wire
from hexa_kernels.columns import Crossing
from hexa_kernels.contract import phrase
from hexa_kernels.errors import OpenHexaWarning

from . import frame_cases
from .conftest import ROOT
from .engines import Engine

PAGES = {language: ROOT / f"docs/{language}/types.md" for language in ("en", "fr")}
MARK = "<!-- Below, written by `make types` from a run of the tests. -->\n"
TEXTS = {
    "en": {
        "heads": ["column", "on the wire", "class in R", "back", "crossing"],
        "r_heads": ["column", "on the wire", "class in pandas", "back", "crossing"],
        "from": "From {library}",
        "changed": "{changed} of {rows} values",
    },
    "fr": {
        "heads": ["colonne", "au passage", "classe dans R", "retour", "passage"],
        "r_heads": ["colonne", "au passage", "classe dans pandas", "retour", "passage"],
        "from": "Depuis {library}",
        "changed": "{changed} valeurs sur {rows}",
    },
}


@dataclass
class Crossed:
    """A case that went to R and came back.

    Attributes
    ----------
    crossing : Crossing
        What was said before.
    there : str
        Its class in R.
    back : frame
        What came back.
    warned : list of Warning
        Of what R cannot hold.
    """

    crossing: Crossing
    there: str
    back: Any
    warned: list[Warning]


@cache
def cross(engine, library, name):
    """Send a case of Python through R, once for the tests and the page."""
    frame = frame_cases.make(library, name)
    (crossing,) = crossing_report(frame).columns
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OpenHexaWarning)
        back = engine.cross(frame, library)
    warned = [one.message for one in caught]
    return Crossed(crossing, engine.give("class_of_x"), back, warned)


def collect(engine):
    """Send every case through R; give rows of facts by library."""
    tables = {}
    for library, cases in frame_cases.BY_LIBRARY.items():
        tables[library] = [_from_python(library, name, engine) for name in cases]
    engine.r("names_of_cases <- names(cases)")
    names = engine.give("names_of_cases")
    tables["R"] = [_from_r(name, engine) for name in names]
    return tables


def _from_python(library, name, engine):
    crossed, frame = cross(engine, library, name), frame_cases.make(library, name)
    crossing = crossed.crossing
    return {
        "label": name,
        "source": _type(frame),
        "wire": _wire(crossing),
        "there": crossed.there,
        "back": _type(crossed.back),
        "status": crossing.status,
        "reason": crossing.reason,
        "changed": crossing.changed,
        "rows": len(frame),
    }


def _from_r(name, engine):
    engine.r(f"frame <- one_column(cases[['{name}']])")
    table, report = engine.give("frame", "arrow"), engine.give("report")
    (crossing,) = crossing_report(table).columns  # as it goes back
    return {
        "label": name,
        "source": report["class"],
        "wire": _wire(crossing),
        "there": _type(from_wire(table)),
        "back": report["class"],
        "status": report["status"],
        "reason": report["key"],
        "changed": report["changed"],
        "rows": table.num_rows,
    }


def _type(frame):
    if hasattr(frame, "schema"):
        schema = frame.schema
        return str(schema.field("x").type if hasattr(schema, "field") else schema["x"])
    return str(frame["x"].dtype)


def _wire(crossing):
    if crossing.kind == "factor":
        return "int32 + levels"
    return "WKB" if crossing.kind == "geometry" else str(crossing.array.type)


def render(language, tables):
    """Give the page of one language: what was written by hand, then the tables."""
    texts = TEXTS[language]
    lines = []
    for library, rows in tables.items():
        heads = texts["r_heads" if library == "R" else "heads"]
        lines += [f"## {texts['from'].format(library=library)}", ""]
        lines += [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        lines += dict.fromkeys(_line(row, texts, language) for row in rows)
        lines.append("")
    above = PAGES[language].read_text("utf-8").partition(MARK)[0]
    return above + MARK + "\n" + "\n".join(lines)


def _line(row, texts, language):
    label = f"`{row['source']}`"
    note = frame_cases.NOTES.get(row["label"])
    if note:
        label += f", {note[language]}"
    crossing = phrase(row["status"], language)
    if row["changed"]:
        crossing += ": " + texts["changed"].format(**row)
    if row["reason"] != "same_class":
        crossing += f" ({phrase(row['reason'], language)})"
    cells = [label, *(f"`{row[key]}`" for key in ("wire", "there", "back")), crossing]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def main():
    with Engine("sidecar") as engine:
        tables = collect(engine)
    for language, path in PAGES.items():
        path.write_text(render(language, tables), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
