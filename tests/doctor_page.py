"""Writes the table of findings in docs/…/doctor.md from the contract: ``make sync``."""

from pathlib import Path

from hexa_kernels.contract import contract, phrase

from .doc_tables import ROOT, code, filled, table

HEADINGS = {
    "en": ["check", "code", "state", "found", "remedy"],
    "fr": ["contrôle", "code", "état", "constat", "remède"],
}
HUB = {"en": "with JupyterHub:", "fr": "avec JupyterHub :"}
NAMES = {"python": "Python", "r": "R"}


def remedy(finding: dict, language: str) -> str:
    """Write the command of the shell, those of a notebook, and the advice."""
    advice = finding.get("advice", {}).get(language, "").replace("|", "\\|")
    if "command" not in finding:
        return advice
    commands = [code(finding["command"])]
    commands += [f"{NAMES[n]}: {code(finding[n])}" for n in NAMES if n in finding]
    text = "; ".join(commands)
    return f"{HUB[language]} {text}. {advice}" if "where" in finding else text


def rows(language: str) -> list[list[str]]:
    found = []
    for name, finding in contract()["findings"].items():
        checks = [contract()["checks"][check][language] for check in finding["checks"]]
        only = f" ({NAMES[finding['only']]})" if "only" in finding else ""
        found.append(
            [
                ", ".join(checks) + only,
                code(name),
                phrase(finding["state"], language),
                finding[language],
                remedy(finding, language),
            ]
        )
    return found


def pages() -> dict[Path, str]:
    """Give the text that each page must have."""
    return {
        path: filled(path, {"findings": table(headings, rows(language))})
        for language, headings in HEADINGS.items()
        for path in [ROOT / "docs" / language / "doctor.md"]
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
