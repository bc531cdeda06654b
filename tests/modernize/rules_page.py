"""The table of rules in the docs, written from their data: ``make types``."""

from collections import defaultdict
from pathlib import Path

from hexa_kernels.modernize.rules import texts

from .cases import CASES

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = {language: DOCS / language / "modernize.md" for language in ("en", "fr")}
MARKS = ("<!-- Rules, written by `make types`. -->\n", "<!-- End of the rules. -->\n")
HEADS = {
    "en": ["rule", "what", "why it can go", "changed for you", "minutes"],
    "fr": ["règle", "quoi", "pourquoi s'en passer", "modifié pour vous", "minutes"],
}
CHANGED = {
    "en": {(True,): "yes", (False,): "no", (False, True): "where it is safe"},
    "fr": {(True,): "oui", (False,): "non", (False, True): "là où c'est sûr"},
}


def table(language: str) -> str:
    """Write the table; whether a rule changes code is what the corpus expects."""
    changed = defaultdict(set)
    for case in CASES.values():
        for finding in case.findings:
            changed[finding["rule"]].add(finding["safe"])
    rows = [HEADS[language], ["---"] * len(HEADS[language])]
    for name, rule in texts()["rules"].items():
        done = CHANGED[language][tuple(sorted(changed[name]))]
        said = rule[language]
        rows.append([f"`{name}`", said["what"], said["why"], done, rule["minutes"]])
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def write() -> None:
    """Put the table between its marks in the page of each language."""
    for language, page in PAGES.items():
        before, _, rest = page.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        text = before + MARKS[0] + table(language) + MARKS[1] + after
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    write()
