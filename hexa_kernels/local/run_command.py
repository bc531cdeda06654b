"""The command ``hexa-kernels run``."""

from pathlib import Path

import click

from ..console import Command, said_warnings
from ..errors import NotebookFailedError

_FILE = click.Path(dir_okay=False, path_type=Path)


def _jupyter_kernels(context, parameter, incomplete: str) -> list[str]:
    """Complete the name of a kernel that Jupyter knows."""
    from jupyter_client.kernelspec import KernelSpecManager

    names = sorted(KernelSpecManager().find_kernel_specs())
    return [name for name in names if name.startswith(incomplete)]


@click.command(cls=Command)
@click.argument("notebook", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="The executed notebook.")
@click.option(
    "-p",
    "--parameters",
    "typed",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter; 2024, 0.5, True and None are no text.",
)
@click.option(
    "-r",
    "--parameters_raw",
    "raw",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter that is text, whatever it looks like.",
)
@click.option(
    "-f",
    "--parameters_file",
    "files",
    type=_FILE,
    multiple=True,
    help="YAML with parameters.",
)
@click.option(
    "--workspace",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the workspace.",
)
@click.option(
    "--kernel",
    help="In place of the one that the notebook names.",
    shell_complete=_jupyter_kernels,
)
def run(notebook, output, typed, raw, files, folder, kernel):
    """Run a notebook as a pipeline of OpenHEXA does, before it is scheduled.

    Its kernel works in the folder above the workspace's files, as on OpenHEXA, and not
    in the notebook's own. The workspace is that of this session, else the nearest
    workspace.yaml above the notebook. The exit code is 1 when a cell fails.

    Changes: writes .runs_outputs/NOTEBOOK beside the notebook, also when a cell fails;
    and what the cells themselves do.

    \b
    Examples:
      hexa-kernels run reports/malaria.ipynb
      hexa-kernels run malaria.ipynb -p year 2024 -r code 007 -o out.ipynb
      hexa-kernels run malaria.ipynb --kernel openhexa-r --workspace my-workspace
    """
    from . import notebooks

    try:
        with said_warnings():
            done = notebooks.run(
                notebook,
                folder=folder,
                output=output,
                kernel=kernel,
                parameters=notebooks.read_parameters(files, typed, raw),
            )
    except NotebookFailedError as failure:
        shown = failure.values["source"], failure.values["traceback"]
        click.echo("\n".join(filter(None, shown)), err=True)
        raise
    click.echo(done)
