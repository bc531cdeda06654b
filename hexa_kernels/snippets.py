"""The same call in Python and in R, for a fixed catalogue: snippets.json."""

import json
from functools import cache
from pathlib import Path

from . import environment
from .errors import check_choice

LANGUAGES = {"python": "Python", "r": "R"}


@cache
def snippets() -> dict[str, dict]:
    """Read the catalogue: by name, a title by language and the code by language."""
    text = Path(__file__).with_name("snippets.json").read_text(encoding="utf-8")
    return json.loads(text)


def hexa_snippet(name: str | None = None, language: str | None = None) -> None:
    """Print how something is written in Python and in R, exactly alike.

    Parameters
    ----------
    name : str, optional
        One of the catalogue; without it, the catalogue is listed.
    language : str, optional
        "python" or "r" alone.

    Raises
    ------
    InvalidArgumentError
        If there is no such snippet or language; the message names those there are.

    Examples
    --------
    >>> hexa_snippet("r_cells", "r")
    totals <- aggregate(cases ~ district, cases, sum)
    """
    catalogue = snippets()
    if name is None:
        width = max(map(len, catalogue))
        spoken = environment.language()
        for entry, texts in catalogue.items():
            print(f"{entry:<{width}}  {texts[spoken]}")
        return
    check_choice("name", name, tuple(catalogue))
    if language is not None:
        check_choice("language", language, tuple(LANGUAGES))
        print("\n".join(catalogue[name][language]))
        return
    blocks = ([f"# {head}", *catalogue[name][one]] for one, head in LANGUAGES.items())
    print("\n\n".join(map("\n".join, blocks)))
