"""Copies the tables of a year."""

from pathlib import Path

DATA = Path("/home/hexa/workspace/data")
OUT = Path.home() / "workspace" / "results"
SCRATCH = Path("/home/jovyan/tmp", "copies")

OUT.mkdir(parents=True, exist_ok=True)
SCRATCH.mkdir(parents=True, exist_ok=True)
text = (DATA / "cases.csv").read_text(encoding="utf-8")
(OUT / "copy.csv").write_text(text, encoding="utf-8")
(SCRATCH / "copy.csv").write_text(text, encoding="utf-8")
lines = len(text.splitlines())
copies = [(OUT / "copy.csv").exists(), (SCRATCH / "copy.csv").exists()]
