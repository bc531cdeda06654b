"""Run a notebook as a pipeline of OpenHEXA does, before it is scheduled."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from keyword import iskeyword
from pathlib import Path

from .. import environment
from ..contract import phrase
from ..errors import (
    FileUnreadableError,
    FileUnwritableError,
    FolderNotWritableError,
    InvalidArgumentError,
    KernelFailedError,
    KernelNotFoundError,
    KernelNotNamedError,
    NotebookFailedError,
    NotebookUnreadableError,
)
from ..extras import needing
from ..files import missing_file
from .lab import running
from .workspace_yaml import nearest_workspace

OUTPUTS = ".runs_outputs"


_RESERVED_IN_R = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA"),
}


def run(
    notebook: Path,
    *,
    folder: Path | None = None,
    output: Path | None = None,
    kernel: str | None = None,
    parameters: dict | None = None,
) -> Path:
    """Run a notebook in a workspace, and give the path of the executed one.

    Parameters
    ----------
    notebook : Path
        An .ipynb file.
    folder : Path, optional
        Holds a workspace.yaml. Else the workspace of this session (``HEXA_WORKSPACE``
        is set: OpenHEXA, ``hexa-kernels lab``), else the nearest workspace.yaml above
        the notebook, or above the working directory.
    output, kernel, parameters : optional
        As of ``execute``.

    Raises
    ------
    NotebookUnreadableError, KernelNotNamedError, KernelNotFoundError
        Before anything is started.
    InvalidArgumentError
        If a parameter cannot be the name of a variable.
    WorkspaceMissingError
        If there is no workspace.
    NotebookFailedError, KernelFailedError, FileUnwritableError
        As by ``execute``.
    """
    _, language = find_kernel(notebook, kernel)
    for name in parameters or ():
        _check_parameter(name, language)
    with _workspace(notebook, folder) as home:
        return execute(
            notebook, home, output=output, kernel=kernel, parameters=parameters
        )


@contextmanager
def _workspace(notebook: Path, folder: Path | None) -> Iterator[Path]:
    """Serve a workspace; give the folder in the part of OpenHEXA's home."""
    if folder is None and environment.lookup("slug") is not None:
        yield Path(environment.lookup("files_path")).parent
        return
    here = Path.cwd()
    folder = folder or nearest_workspace(notebook.resolve().parent, here) or here
    with running(folder, share=True) as workspace:
        yield workspace.folder


def execute(
    notebook: Path,
    home: Path,
    *,
    output: Path | None = None,
    kernel: str | None = None,
    parameters: dict | None = None,
) -> Path:
    """Execute a notebook in the workspace that the environment describes.

    As OpenHEXA's runner: by papermill, in the home folder rather than the notebook's,
    with ``HEXA_NOTEBOOK_PATH``; what was executed is kept when a cell fails.
    ``HEXA_ENVIRONMENT`` is LOCAL_PIPELINE, as no server knows of this run.

    Parameters
    ----------
    notebook, home : Path
        The .ipynb file, and the working directory of its kernel.
    output : Path, optional
        Else ``.runs_outputs/<same name>`` beside the notebook.
    kernel : str, optional
        In place of the one that the notebook names.
    parameters : dict, optional
        Injected after the cell tagged ``parameters``.

    Returns
    -------
    Path
        Of the executed notebook.

    Raises
    ------
    NotebookFailedError
        If a cell fails, or ends the kernel.
    KernelFailedError
        If the kernel does not start.
    FolderNotWritableError, FileUnwritableError
        If the output cannot be written.

    References
    ----------
    https://papermill.readthedocs.io/en/latest/usage-execute.html
    """
    kernel, language = find_kernel(notebook, kernel)
    if not home.is_dir():
        raise missing_file(str(home), home, str(Path.cwd()))
    with needing("lab", "run_workspace"):
        import papermill
    output = _writable(output or notebook.parent / OUTPUTS / notebook.name)
    files = Path(environment.lookup("files_path")).resolve()
    facts = {
        "environment": "LOCAL_PIPELINE",
        "pipeline_type": "notebook",
        "notebook_path": os.path.relpath(notebook.resolve(), files),
    }
    variables = {environment.variable(fact): facts[fact] for fact in facts}
    with environment.applied(variables), _coded_failures(notebook, output, kernel):
        papermill.execute_notebook(
            _literal(notebook),
            _literal(output),
            parameters,
            kernel_name=kernel,
            language=language,
            progress_bar={"file": sys.stderr, "disable": None},  # shown to people only
            cwd=home,
        )
    return output


def find_kernel(notebook: Path, chosen: str | None = None) -> tuple[str, str]:
    """Give name and language of the kernel that a notebook will run in."""
    from jupyter_client.kernelspec import KernelSpecManager

    metadata = _read(notebook).metadata
    installed = KernelSpecManager().get_all_specs()
    spec = metadata.get("kernelspec")
    name = chosen or (spec.get("name") if isinstance(spec, dict) else None)
    choices = ", ".join(sorted(installed))
    if not name or not isinstance(name, str):
        raise KernelNotNamedError(path=notebook, kernels=choices)
    if name.lower() not in installed:
        raise KernelNotFoundError(kernel=name, path=notebook, kernels=choices)
    return name, installed[name.lower()]["spec"]["language"]


def _check_parameter(name: str, language: str) -> None:
    """Refuse what is no name of a variable, before papermill writes it into code."""
    if language == "R":
        is_name = re.fullmatch(r"(?!\d)[\w.]+", name) and name not in _RESERVED_IN_R
    else:
        is_name = name.isidentifier() and not iskeyword(name)
    if not is_name:
        expected = phrase("a_variable_name", environment.language())
        raise InvalidArgumentError(argument="-p", expected=expected, actual=name)


def _read(path: Path):
    with needing("lab", "run_workspace"):
        import nbformat

    language = environment.language()
    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError as error:
        raise missing_file(str(path), path, str(Path.cwd())) from error
    except OSError as error:
        reason = error.strerror
    except (nbformat.reader.NotJSONError, UnicodeDecodeError):
        reason = phrase("no_json", language)
    except Exception:  # JSON of another kind stumbles anywhere
        reason = phrase("no_cells", language)
    else:
        if isinstance(notebook.get("cells"), list):
            return notebook
        reason = phrase("no_cells", language)
    raise NotebookUnreadableError(path=path, reason=reason)


def _writable(output: Path) -> Path:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=output.parent) from error
    try:
        output.open("ab").close()
    except OSError as error:
        raise FileUnwritableError(path=output, reason=error.strerror) from error
    return output


def _literal(path: Path) -> str:
    """Give a path as papermill takes it: absolute, and braces would be parameters."""
    return str(path.resolve()).replace("{", "{{").replace("}", "}}")


@contextmanager
def _coded_failures(notebook: Path, output: Path, kernel: str) -> Iterator[None]:
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError

    try:
        yield
    except PapermillExecutionError as failure:
        # IRkernel calls each error "ERROR".
        name = "" if failure.ename == "ERROR" else f"{failure.ename}: "
        last = failure.evalue.strip().splitlines()[-1:] or [""]
        raise NotebookFailedError(
            path=notebook,
            cell=failure.exec_count,
            reason=f"{name}{last[0]}".rstrip(".: "),
            output=output,
            source=failure.source,
            traceback="\n".join(failure.traceback),
        ) from failure
    except RuntimeError as failure:
        begun = _begun(output)
        if not begun or not isinstance(failure, DeadKernelError):
            reason = str(failure).strip().rstrip(".")
            raise KernelFailedError(kernel=kernel, reason=reason) from failure
        raise NotebookFailedError(
            path=notebook,
            cell=len(begun),
            reason=phrase("kernel_died", environment.language()),
            output=output,
            source=begun[-1].source,
            traceback="",
        ) from failure


def _begun(output: Path) -> list:
    """Give the code cells that papermill has begun."""
    return [
        cell
        for cell in _read(output).cells
        if cell.cell_type == "code"
        and cell.source.strip()
        and cell.metadata.get("papermill", {}).get("start_time")
    ]


def read_parameters(
    files: list[Path], typed: list[tuple[str, str]], raw: list[tuple[str, str]]
) -> dict:
    """Gather parameters as papermill's command line does; later ones win.

    Parameters
    ----------
    files : list of Path
        YAML mappings.
    typed : list of (name, text)
        True, False, None, integers and numbers become what they look like.
    raw : list of (name, text)
        Stay text.

    Raises
    ------
    FileMissingError, FileUnreadableError
        If a file is not there, or no YAML mapping.
    """
    found = {}
    for file in files:
        found.update(_read_mapping(file))
    return {**found, **{name: _value(text) for name, text in typed}, **dict(raw)}


def _read_mapping(file: Path) -> dict:
    with needing("lab", "run_workspace"):
        import yaml
        from papermill.iorw import read_yaml_file

    try:
        return dict(read_yaml_file(str(file)) or {})
    except FileNotFoundError as error:
        raise missing_file(str(file), file, str(Path.cwd())) from error
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "problem", None) or phrase(
            "a_mapping", environment.language()
        )
        raise FileUnreadableError(path=file, format="YAML", reason=reason) from error


def _value(text: str) -> object:
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text
