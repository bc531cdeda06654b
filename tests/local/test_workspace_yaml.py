"""workspace.yaml: made, checked with line numbers, read as the SDK reads it."""

import os

import pytest
from openhexa.sdk.pipelines.utils import get_local_workspace_config

from hexa_kernels.errors import (
    FolderNotWritableError,
    FolderOccupiedError,
    WorkspaceExistsError,
    WorkspaceMissingError,
    WorkspaceYamlKeyError,
    WorkspaceYamlSyntaxError,
    WorkspaceYamlUnreadableError,
    WorkspaceYamlValueError,
)
from hexa_kernels.local import workspace_yaml

CONNECTIONS = """
connections:
  polio:
    type: dhis2
    url: https://dhis2.example.org
    username: ada
    password: "0123"
  Store:
    type: postgresql
    host: h
    port: 5432
    username: u
    password: p
    database_name: d
  mine:
    type: custom
    api-key: k
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Mes Données"
    workspace_yaml.create(folder, 5555)
    return folder


def test_a_new_workspace_is_read_by_the_sdk(folder):
    read = get_local_workspace_config(folder)
    assert read["WORKSPACE_DATABASE_HOST"] == "127.0.0.1"
    assert read["WORKSPACE_DATABASE_PORT"] == "5555"
    assert read["WORKSPACE_DATABASE_DB_NAME"] == "mes-donn-es"
    assert read["HEXA_WORKSPACE"] == "mes-donn-es"
    assert read["WORKSPACE_FILES_PATH"] == str(folder / "workspace")


def test_only_its_owner_may_read_the_file(folder):
    path = folder / "workspace.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    workspace_yaml.read(folder).replace_port(6666)
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_workspace_gets_a_password_of_its_own(tmp_path):
    passwords = set()
    for name in ("a", "b"):
        workspace_yaml.create(tmp_path / name, 5555)
        passwords.add(workspace_yaml.read(tmp_path / name).database.password)
    assert len(passwords) == 2
    assert all(len(password) == 32 for password in passwords)


def test_variables_are_the_sdk_s_but_for_scratch(folder):
    path = folder / "workspace.yaml"
    path.write_text(path.read_text() + CONNECTIONS)
    variables = workspace_yaml.read(folder).variables()
    expected = {k: str(v) for k, v in get_local_workspace_config(folder).items()}
    expected["WORKSPACE_TMP_PATH"] = str(folder / "tmp")
    assert variables == expected
    assert variables["POLIO_PASSWORD"] == "0123"


def test_scratch_that_the_file_chooses_is_kept(folder):
    path = folder / "workspace.yaml"
    path.write_text(path.read_text() + "  WORKSPACE_TMP_PATH: /scratch\n")
    assert workspace_yaml.read(folder).variables()["WORKSPACE_TMP_PATH"] == "/scratch"


def test_another_port_changes_nothing_else(folder):
    path = folder / "workspace.yaml"
    before = "# été\n" + path.read_text() + CONNECTIONS
    path.write_text(before)
    workspace_yaml.read(folder).replace_port(6666)
    assert path.read_text() == before.replace('"5555"', '"6666"')
    assert workspace_yaml.read(folder).database.port == 6666


def test_a_workspace_is_not_made_twice(folder):
    before = (folder / "workspace.yaml").read_text()
    with pytest.raises(WorkspaceExistsError):
        workspace_yaml.create(folder, 1)
    assert (folder / "workspace.yaml").read_text() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderNotWritableError) as raised:
        workspace_yaml.create(tmp_path / "file" / "w", 1)
    assert raised.value.values["path"] == tmp_path / "file" / "w"


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "tmp").touch()
    with pytest.raises(FolderOccupiedError):
        workspace_yaml.create(tmp_path, 1)
    assert not (tmp_path / "workspace.yaml").exists()


def test_a_refused_folder_is_left_as_it_was(tmp_path):
    (tmp_path / "workspace.yaml").write_text("files:\n  path: x\n")
    with pytest.raises(WorkspaceExistsError):
        workspace_yaml.create(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.yaml"]


def test_no_file(tmp_path):
    with pytest.raises(WorkspaceMissingError):
        workspace_yaml.read(tmp_path)


@pytest.mark.parametrize("make", [os.mkdir, lambda path: path.write_bytes(b"\xff\xfe")])
def test_a_file_that_cannot_be_read(make, tmp_path):
    make(tmp_path / "workspace.yaml")
    with pytest.raises(WorkspaceYamlUnreadableError):
        workspace_yaml.read(tmp_path)


DATABASE = "database:\n  host: h\n  port: 1\n  username: u\n  dbname: d\n"


@pytest.mark.parametrize(
    ("text", "error", "line", "about"),
    [
        ("a: [1\nb: 2\n", WorkspaceYamlSyntaxError, 2, None),
        ("files:\n\tpath: x\n", WorkspaceYamlSyntaxError, 2, None),
        ("", WorkspaceYamlValueError, 1, "workspace.yaml"),
        ("- a\n", WorkspaceYamlValueError, 1, "workspace.yaml"),
        ("files:\ndatabase:\n", WorkspaceYamlValueError, 1, "files"),
        ("files:\n  x: y\n", WorkspaceYamlKeyError, 1, "files.path"),
        (DATABASE.replace("1", "abc"), WorkspaceYamlValueError, 3, "database.port"),
        (DATABASE.replace("1", "70000"), WorkspaceYamlValueError, 3, "database.port"),
        (
            DATABASE + "  password: 0123\n",
            WorkspaceYamlValueError,
            6,
            "database.password",
        ),
        (DATABASE + "  password:\n", WorkspaceYamlValueError, 6, "database.password"),
        (
            DATABASE.replace("  host: h\n", ""),
            WorkspaceYamlKeyError,
            1,
            "database.host",
        ),
        (
            "files:\n  path: x\n\n" + DATABASE.replace("  dbname: d\n", ""),
            WorkspaceYamlKeyError,
            4,
            "database.dbname",
        ),
        ("connections: x\n", WorkspaceYamlValueError, 1, "connections"),
        (
            "connections:\n  a:\n    url: x\n",
            WorkspaceYamlKeyError,
            2,
            "connections.a.type",
        ),
        (
            "connections:\n  a:\n    type: mysql\n",
            WorkspaceYamlValueError,
            3,
            "connections.a.type",
        ),
        (
            "connections:\n  a:\n    type: dhis2\n    url: u\n    username: u\n",
            WorkspaceYamlKeyError,
            2,
            "connections.a.password",
        ),
        (
            "connections:\n  a:\n    type: custom\n    key: 12\n",
            WorkspaceYamlValueError,
            4,
            "connections.a.key",
        ),
        ("env: x\n", WorkspaceYamlValueError, 1, "env"),
        ("env:\n  A:\n", WorkspaceYamlValueError, 2, "env.A"),
        ("env:\n  A: yes\n", WorkspaceYamlValueError, 2, "env.A"),
        ("files:\n  path: 5\n", WorkspaceYamlValueError, 2, "files.path"),
        ("connections:\n  1:\n    type: s3\n", WorkspaceYamlValueError, 2, None),
        ("connections:\n  a:\n    type: [x]\n", WorkspaceYamlValueError, 3, None),
        ("a: \0\n", WorkspaceYamlSyntaxError, 1, None),
    ],
)
def test_the_line_of_a_mistake_is_named(text, error, line, about, tmp_path):
    (tmp_path / "workspace.yaml").write_text(text)
    with pytest.raises(error) as raised:
        workspace_yaml.read(tmp_path)
    assert raised.value.values["line"] == line
    if about:
        assert raised.value.values["key"] == about


def test_a_mistake_does_not_show_a_password(tmp_path):
    (tmp_path / "workspace.yaml").write_text(DATABASE + "  password: 20240101\n")
    with pytest.raises(WorkspaceYamlValueError) as raised:
        workspace_yaml.read(tmp_path)
    assert "20240101" not in str(raised.value)
