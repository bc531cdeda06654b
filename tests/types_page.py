"""The published table of types, written from what crosses in a run: ``make types``."""

import sys
import tempfile
import warnings
from pathlib import Path

from hexa_kernels import crossing_report, from_wire, to_wire
from hexa_kernels.contract import phrase

from . import frame_cases
from .conftest import ROOT
from .r_process import RProcess, read_stream

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


def collect(r):
    """Send every case through R; give rows of facts by library."""
    tables = {}
    for library, cases in frame_cases.BY_LIBRARY.items():
        tables[library] = [_from_python(library, name, r) for name in cases]
    tables["R"] = [_from_r(name, r) for name in r.run("names(cases)")]
    return tables


def _from_python(library, name, r):
    frame = frame_cases.make(library, name)
    (crossing,) = crossing_report(frame).columns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table, classes = r.cross(to_wire(frame))
    back = from_wire(table, as_=library)
    return {
        "label": name,
        "source": _type(frame),
        "wire": _wire(crossing.metadata, crossing.array.type),
        "there": classes["x"],
        "back": _type(back),
        "status": crossing.status,
        "reason": crossing.reason,
        "changed": crossing.changed,
        "rows": len(frame),
    }


def _from_r(name, r):
    path = r.folder / "there"
    r.run(f"frame <- one_column(cases[['{name}']]); put(frame, '{path}')")
    table = read_stream(path)
    report = r.run("""
    crossing <- encode_columns(frame)[[1]]
    names <- list(key = crossing_reason(crossing), class = class_name(frame$x))
    c(as.list(crossing_report(frame)), names)
    """)
    field = table.schema.field("x")
    metadata = {key.decode(): value for key, value in field.metadata.items()}
    return {
        "label": name,
        "source": report["class"],
        "wire": _wire({k.removeprefix("openhexa:") for k in metadata}, field.type),
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


def _wire(marks, type_):
    if "levels" in marks:
        return "int32 + levels"
    return "WKB" if "ARROW:extension:name" in marks else str(type_)


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
    process = RProcess(Path(tempfile.mkdtemp()))
    tables = collect(process)
    process.stop()
    for language, path in PAGES.items():
        path.write_text(render(language, tables), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
