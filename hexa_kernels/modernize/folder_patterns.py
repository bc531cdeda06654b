"""Whether a pattern that changes a path does so in the folder, too."""

import re
import warnings

# What R calls otherwise than Python.
_CLASSES = {"[:alnum:]": "A-Za-z0-9", "[:alpha:]": "A-Za-z", "[:digit:]": "0-9"}
_CLASSES |= {"[:space:]": r"\s", "[:blank:]": " ", "[:punct:]": r"!-/:-@\[-`{-~"}
_CLASSES |= {"[:upper:]": "A-Z", "[:lower:]": "a-z"}
_FOLDERS = ("~", "/home/jovyan", "/home/hexa")
_REACHES = re.compile(r"[/~^]|\[\^|\\[SWD]|(?<!\\)\.")  # beyond what ends a path


def keeps_folder(pattern: str, new: str, is_fixed: bool, count: int) -> bool:
    """Try it on each spelling of the folder: what follows must become the same.

    Parameters
    ----------
    pattern, new : str
        A regular expression of R or Python, and what comes in its place.
    is_fixed : bool
        Whether the pattern is a plain text.
    count : int
        How often it is replaced; 0: always.
    """
    if is_fixed:
        pattern, new = re.escape(pattern), new.replace("\\", r"\\")
    for letters, written in _CLASSES.items():
        pattern = pattern.replace(letters, written)
    new = re.sub(r"\\[ULE]", "", new)  # of Perl
    if re.search(r"\[:\w+:\]", pattern):
        return False
    repeats = re.findall(r"(?<!\\)[*+?{]", pattern)
    if len(repeats) > 4 or re.search(r"\)[*+{]", pattern):  # may take very long
        return _REACHES.search(pattern) is None
    made = set()
    for folder in _FOLDERS:
        path = f"{folder}/workspace/data-2024/cas_ner 1.csv"
        try:
            with warnings.catch_warnings(action="ignore"):
                after = re.sub(pattern, new, path, count=count)
        # R writes it otherwise, or it is no pattern.
        except (re.error, IndexError, OverflowError, ValueError, RecursionError):
            return False
        is_kept = after.startswith(f"{folder}/")
        made.add((is_kept, after.removeprefix(folder) if is_kept else after))
    return len(made) == 1
