"""Tables in pages of docs/, between a comment with their name and ``<!-- end -->``."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(path: Path, tables: dict[str, str]) -> str:
    """Give a page's text with these tables, by name, in place of those it has."""
    return re.sub(
        r"(<!-- (\w+): made by make sync -->\n).*?(<!-- end -->)",
        lambda match: f"{match[1]}{tables[match[2]]}\n{match[3]}",
        path.read_text("utf-8"),
        flags=re.S,
    )
