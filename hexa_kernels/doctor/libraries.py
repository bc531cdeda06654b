"""What libraries find through the environment: data of PROJ and GDAL, the locale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .. import environment
from ..checks import Check
from .findings import finding


def proj() -> Check:
    """See whether PROJ_DATA and PROJ_LIB lead to coordinate systems."""
    return _data("proj", ("proj_data", "proj_lib"), "proj.db")


def gdal() -> Check:
    """See whether GDAL_DATA leads to GDAL's tables."""
    return _data("gdal", ("gdal_data",), "gdalvrt.xsd")


def _data(check: str, facts: tuple[str, ...], file: str) -> Check:
    given = {fact: environment.lookup(fact) for fact in facts}
    given = {fact: path for fact, path in given.items() if path is not None}
    for fact, path in given.items():
        if not any(Path(folder, file).is_file() for folder in path.split(os.pathsep)):
            name = environment.variable(fact)
            return finding(check, "data_wrong", variable=name, path=path, file=file)
    if not given:
        name = environment.variable(facts[0])
        return finding(check, "data_unset", variable=name)
    return finding(check, "data_fine", path=next(iter(given.values())))


def locale() -> Check:
    """See in which charset programs started from here read and write text."""
    charset = sys.getfilesystemencoding().upper()
    if program := shutil.which("locale"):  # what Python has made its own does not count
        command = [program, "charmap"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
        charset = done.stdout.strip()
    code = "locale_fine" if charset == "UTF-8" else "locale_not_utf8"
    # What chooses the charset would choose the language too.
    language = environment.language()
    return finding("locale", code, charset=charset, language=language)
