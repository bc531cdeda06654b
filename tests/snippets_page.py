"""Writes docs/…/snippets.md from the catalogue of snippets: ``make sync``."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
CATALOGUE = json.loads((ROOT / "hexa_kernels/snippets.json").read_text("utf-8"))


def section(name: str, language: str) -> str:
    """Give the title of a snippet and its code in both languages."""
    entry = CATALOGUE[name]
    blocks = [f"## {entry[language]}", f'`hexa_snippet("{name}")`']
    for one in ("python", "r"):
        blocks.append("\n".join([f"```{one}", *entry[one], "```"]))
    return "\n\n".join(blocks)


def pages() -> dict[Path, str]:
    """Give the text that each page must have."""
    found = {}
    for language in ("en", "fr"):
        path = ROOT / "docs" / language / "snippets.md"
        above, mark, _ = re.split(
            r"(<!-- snippets: made by make sync -->\n)", path.read_text("utf-8")
        )
        sections = "\n\n".join(section(name, language) for name in CATALOGUE)
        found[path] = f"{above}{mark}\n{sections}\n"
    return found


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
