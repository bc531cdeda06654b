"""workspace.yaml, in the SDK's own format: make it, check it, read it.

The SDK turns the file into variables; what it accepts silently or reports without a
place is checked here first, so that an error names the line.
"""

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml

from .. import environment
from ..contract import contract, phrase
from ..errors import (
    FolderNotWritableError,
    FolderOccupiedError,
    InvalidEnvironmentError,
    WorkspaceExistsError,
    WorkspaceMissingError,
    WorkspaceYamlKeyError,
    WorkspaceYamlSyntaxError,
    WorkspaceYamlUnreadableError,
    WorkspaceYamlValueError,
)

_TEMPLATE = """\
# An OpenHEXA workspace on this machine. The OpenHEXA SDK (`python pipeline.py`) and
# hexa-kernels read the same file. It holds a password: keep it to yourself.
files:
  path: ./workspace
database:
  host: 127.0.0.1
  port: {port}
  username: {slug}
  password: {password}
  dbname: {slug}
env:
  HEXA_WORKSPACE: {slug}
{more}"""


def create(folder: Path, port: int, more: str = "") -> None:
    """Make a workspace folder: workspace.yaml (only you may read it), files, scratch.

    Parameters
    ----------
    folder : Path
        Made if absent.
    port : int
        Port of the database, on 127.0.0.1.
    more : str
        Further sections, as YAML text.

    Raises
    ------
    WorkspaceExistsError
        If there already is a workspace.yaml.
    FolderNotWritableError
        If something in it cannot be made.
    """
    slug = (
        re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40] or "workspace"
    )
    text = _TEMPLATE.format(
        port=json.dumps(str(port)),
        slug=json.dumps(slug),
        password=json.dumps(secrets.token_hex(16)),
        more=more,
    )
    for part in ("workspace", "tmp", ".hexa"):
        if (folder / part).is_file():
            raise FolderOccupiedError(path=folder / part)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_private(folder / "workspace.yaml", text, os.O_EXCL)
        for part in ("workspace", "tmp", ".hexa"):
            (folder / part).mkdir(exist_ok=True)
        (folder / ".hexa" / "id").write_text(f"{slug}-{secrets.token_hex(4)}\n")
        (folder / ".hexa" / ".gitignore").write_text("*\n")
    except FileExistsError as error:
        raise WorkspaceExistsError(path=folder) from error
    except OSError as error:
        raise FolderNotWritableError(path=folder) from error


def nearest_workspace(*places: Path) -> Path | None:
    """Give the first folder, at or above one of ``places``, with a workspace.yaml."""
    above = (one for place in places for one in (place, *place.parents))
    return next((one for one in above if (one / "workspace.yaml").is_file()), None)


def _write_private(path: Path, text: str, how: int) -> None:
    """Write a file that, from its first byte on, only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


@dataclass
class Database:
    """The database section of a workspace.yaml."""

    host: str
    port: int
    username: str
    password: str
    name: str


@dataclass
class Workspace:
    """A workspace folder and what its workspace.yaml says.

    Attributes
    ----------
    folder : Path
    database : Database or None
    state : Path or None
        The folder of what ``hexa-kernels init`` keeps; None if it did not make it.
    """

    folder: Path
    database: Database | None

    @property
    def path(self) -> Path:
        return self.folder / "workspace.yaml"

    @property
    def state(self) -> Path | None:
        state = self.folder / ".hexa"
        return state if (state / "id").is_file() else None

    def variables(self) -> dict[str, str]:
        """Give the environment variables of the workspace, as the SDK makes them."""
        for problem in environment.check():  # which the SDK's import stumbles over
            if isinstance(problem, InvalidEnvironmentError):
                raise problem
        from openhexa.sdk.pipelines.utils import get_local_workspace_config

        found = get_local_workspace_config(self.folder)
        variables = {name: str(value) for name, value in found.items()}
        tmp = environment.variable("tmp_path")
        chosen = _mapping(yaml.safe_load(self.path.read_text("utf-8"))).get("env") or {}
        if tmp in variables and tmp not in chosen:
            Path(variables[tmp]).rmdir()  # the SDK makes a new one at each reading
            (self.folder / "tmp").mkdir(exist_ok=True)
            variables[tmp] = str(self.folder / "tmp")
        return variables

    def replace_port(self, port: int) -> None:
        """Write another port in place of the one that is there, and nothing else."""
        text = self.path.read_text(encoding="utf-8")
        node = _Checker(self.path, text).database_node("port")
        start, end = node.start_mark.index, node.end_mark.index
        text = text[:start] + json.dumps(str(port)) + text[end:]
        _write_private(self.path, text, os.O_TRUNC)
        self.database.port = port


def read(folder: Path) -> Workspace:
    """Read and check the workspace.yaml of a folder.

    Raises
    ------
    WorkspaceMissingError, WorkspaceYamlUnreadableError
        If there is none, or it cannot be read.
    WorkspaceYamlSyntaxError, WorkspaceYamlKeyError, WorkspaceYamlValueError
        With the number of the line.
    """
    folder = folder.resolve()
    path = folder / "workspace.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise WorkspaceMissingError(path=folder) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "UTF-8"
        raise WorkspaceYamlUnreadableError(path=path, reason=reason) from error
    return Workspace(folder, _Checker(path, text).check())


def _mapping(value) -> dict:
    return value if isinstance(value, dict) else {}


class _Checker:
    """Walk the nodes of the YAML text, which know their lines."""

    def __init__(self, path: Path, text: str):
        self.path = path
        try:
            self.root = yaml.compose(text)
            yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise WorkspaceYamlSyntaxError(
                path=path,
                line=mark.line + 1 if mark else 1,
                problem=getattr(error, "problem", None)
                or getattr(error, "reason", "?"),
            ) from None

    def check(self) -> Database | None:
        sections = self.entries(self.root, "workspace.yaml")
        self.check_connections(sections.get("connections"))
        if "env" in sections:
            for name, value in self.entries(sections["env"], "env").items():
                self.text(value, f"env.{name}")
        if "files" in sections:
            self.text(
                self.need(sections["files"], "files", ["path"])["path"], "files.path"
            )
        if "database" not in sections:
            return None
        keys = ["host", "port", "username", "dbname"]
        entries = self.need(sections["database"], "database", keys)
        self.port(entries["port"], "database.port")
        for key, node in entries.items():
            if key != "port":
                self.text(node, f"database.{key}")
        password = entries.get("password")
        return Database(
            host=entries["host"].value,
            port=int(entries["port"].value),
            username=entries["username"].value,
            password=password.value if password is not None else "",
            name=entries["dbname"].value,
        )

    def check_connections(self, node) -> None:
        if node is None:
            return
        for identifier, record in self.entries(node, "connections").items():
            label = f"connections.{identifier}"
            entries = self.need(record, label, ["type"])
            self.text(entries["type"], f"{label}.type")
            kind = entries["type"].value
            # The SDK compares the type as it is written; others are custom ones.
            entry = contract()["connections"].get(kind.upper())
            if entry is None:
                self.refuse(entries["type"], f"{label}.type", "a_connection_type")
            if kind == kind.lower():
                self.need(record, label, [field["name"] for field in entry["fields"]])
            for key, value in entries.items():
                if key == "port":
                    self.port(value, f"{label}.{key}")
                else:
                    self.text(value, f"{label}.{key}")

    def database_node(self, key: str) -> yaml.Node:
        return self.entries(self.entries(self.root, "")["database"], "database")[key]

    def entries(self, node, label: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, label, "a_mapping")
        for key, _ in node.value:
            self.text(key, f"{label}: {key.value}")
        return {key.value: value for key, value in node.value}

    def need(self, node, label: str, keys: list[str]) -> dict[str, yaml.Node]:
        entries = self.entries(node, label)
        for key in keys:
            if key not in entries:
                # The line of the section's own key is the one before its content.
                line = max(node.start_mark.line, 1)
                raise WorkspaceYamlKeyError(
                    path=self.path, line=line, key=f"{label}.{key}"
                )
        return entries

    def port(self, node, label: str) -> None:
        digits = isinstance(node, yaml.ScalarNode) and node.value.isdecimal()
        if not digits or not 1 <= int(node.value) <= 65535:
            self.refuse(node, label, "a_port")

    def text(self, node, label: str) -> None:
        """Refuse what YAML would take for a number, a date, a boolean or nothing."""
        if node.tag != "tag:yaml.org,2002:str":
            self.refuse(node, label, "quoted_text")

    def refuse(self, node, label: str, expected: str):
        raise WorkspaceYamlValueError(
            path=self.path,
            line=node.start_mark.line + 1 if node is not None else 1,
            key=label,
            expected=phrase(expected, environment.language()),
        )
