"""Packages that are installed while a notebook runs: advice only."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule, text_rule
from .sources import SHELLS, Text
from .syntax import Node, last_name

_INSTALLERS = {
    *("install.packages", "pkg_install", "pak", "p_load", "p_install", "p_load_gh"),
    *("install_local", "install_cran", "install_version", "install_url", "install_git"),
    *("install_github", "install_gitlab", "install_bioc", "install_deps"),
    *("py_install", "conda_install", "virtualenv_install", "renv.restore", "pip.main"),
}
_APPLIERS = {
    *("lapply", "sapply", "vapply", "mapply", "Map", "map", "walk", "do.call"),
    *("future_lapply", "future_map", "future_walk"),
}
_TOOL = r"(?:pip3?|conda|mamba|micromamba|uv|apt|apt-get)"
_LINE = re.compile(rf"(?:%|!(?:.*\s)?\s*){_TOOL}\s(?:.*\s)?install\s", re.DOTALL)
_RUNNERS = re.compile(r"(subprocess\.\w+|os\.(system|popen)|system2?)")


@rule("package-install")
def package_installs(cell: Cell) -> Iterator[Finding]:
    code = f"{cell.ours('hexa_require')}(…)" if cell.is_r else ""
    reason = "machine_changed" if cell.is_r else "image_has_it"
    for node in cell.walk("call", "magic"):
        runs = _RUNNERS.fullmatch(node.text)
        if node.kind == "magic":
            found = _LINE.match(node.text)
        elif node.text in ("restore", "install"):  # renv:: and BiocManager::
            found = re.match(r"(renv|BiocManager)::", cell.code(node))
        elif runs or last_name(node) == "run_line_magic":
            words = " ".join(one.text for one in node.walk("text"))
            found = _LINE.match(f"! {words} ")
        else:
            found = node.text in _INSTALLERS or _applies_installer(node)
        if found and runs:  # what a shell installs is none of R's
            yield advise("package-install", cell, node, "image_has_it")
        elif found:
            yield advise("package-install", cell, node, reason, code=code)


@text_rule
def installs_in_shells(text: Text) -> Iterator[Finding]:
    """Search the lines of a cell that a shell runs."""
    for number, line in enumerate(text.text.split("\n"), 1):
        is_code = text.magic in SHELLS and not re.match(r"\s*[#%]", line)
        if is_code and _LINE.match(f"! {line} "):
            place = ("package-install", text.index, number, (0, 0))
            yield Finding(*place, reason="image_has_it")


def _applies_installer(node: Node) -> bool:
    """``lapply(c("a", "b"), install.packages)``"""
    values = [one.value for one in node.arguments if one.value is not None]
    return node.text in _APPLIERS and any(
        one.kind in ("name", "text") and one.text in _INSTALLERS for one in values
    )
