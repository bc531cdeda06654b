"""Look up what both languages share: the facts and messages of contract.json."""

import json
import re
from functools import cache
from pathlib import Path


@cache
def contract() -> dict:
    """Read contract.json, once a process."""
    text = Path(__file__).with_name("contract.json").read_text(encoding="utf-8")
    return json.loads(text)


def phrase(name: str, language: str, **values) -> str:
    """Give a word or two that messages and reports are put together from."""
    text = contract()["phrases"][name][language]
    return fill(text, values) if values else text


def message(code: str, language: str, values: dict) -> tuple[str, str]:
    """Give what is wrong and what to do, in ``language`` ("en" or "fr")."""
    texts = contract()["errors"][code][language]
    return fill(texts["message"], values), fill(texts["hint"], values)


def fill(text: str, values: dict) -> str:
    """Fill placeholders in one pass: a value that holds braces is left as it is."""
    return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), text)
