"""Look through notebooks and scripts: what is found, what can be changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ExaminationFailedError, OpenHexaError
from .document import parse
from .r_syntax import RParser
from .rewrite import Change, change
from .rules import Finding, find
from .sources import find_files, read_source


@dataclass
class Examined:
    """One file.

    Attributes
    ----------
    path : Path
    relative : Path
        Below the folder that was given; the name alone of a file that was given.
    language, kernel : str
        What it says of itself; empty where it says nothing.
    findings : list of Finding
        In the order of the file.
    change : Change, optional
        The safe findings, made.
    error : OpenHexaError, optional
        Why it was not looked at, or not changed.
    """

    path: Path
    relative: Path
    language: str = ""
    kernel: str = ""
    findings: list[Finding] = field(default_factory=list)
    change: Change | None = None
    error: OpenHexaError | None = None

    @property
    def secrets(self) -> set[str]:
        """What must not be shown of this file, nor any line of it."""
        values = {value for finding in self.findings for value in finding.secrets}
        lines = {line.strip() for value in values for line in value.splitlines()}
        return values | {line for line in lines if len(line) > 3}


def survey(paths: list[Path]) -> Iterator[Examined]:
    """Examine files one after the other; a problem of one does not stop the rest.

    Parameters
    ----------
    paths : list of Path
        Notebooks, scripts and folders of them.

    Examples
    --------
    >>> [one.error.code for one in survey([Path("nowhere.ipynb")])]
    ['source_unreadable']
    """
    from tqdm import tqdm

    files = list(find_files(paths))
    with RParser() as r_parser:
        # disable=None: a bar only where somebody looks at a terminal
        for path, relative in tqdm(files, unit=" files", leave=False, disable=None):
            yield _examine(Examined(path, relative), r_parser)


def _examine(result: Examined, r_parser: RParser) -> Examined:
    try:
        source = read_source(result.path)
        result.kernel = source.kernel or ""
        result.language = source.codes[0].language if source.codes else ""
        document = parse(source, r_parser)
        result.findings = find(document)
        result.change = change(document, result.findings, r_parser)
    except OpenHexaError as error:
        result.error = error
    except Exception as error:  # a mistake of ours, which stops no other file
        reason = type(error).__name__  # its text may quote code, and so a secret
        result.error = ExaminationFailedError(path=str(result.path), reason=reason)
    return result
