"""The command ``hexa-kernels``."""

import json
import shutil
import sys
import warnings
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from . import __version__
from .errors import OpenHexaError, OpenHexaWarning, RMissingError


def _say(problem: OpenHexaError | OpenHexaWarning) -> None:
    click.echo(f"[{problem.code}] {problem.message}\n  {problem.hint}", err=True)


class _Command(click.Command):
    """A command that shows our errors as a code, what is wrong and what to do."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except OpenHexaError as error:
            _say(error)
            context.exit(1)


class _Group(click.Group):
    command_class = _Command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main():
    """Jupyter kernels in which the OpenHEXA workspace is simply there."""


def _chosen(kernel: str) -> list[str]:
    return ["python", "r"] if kernel == "all" else [kernel]


@main.command()
@click.option("--user", is_flag=True, help="Into your own Jupyter folder (default).")
@click.option("--sys-prefix", is_flag=True, help="Into this Python environment.")
@click.option("--prefix", type=click.Path(), help="Into DIR/share/jupyter/kernels.")
@click.option(
    "--kernel",
    type=click.Choice(["python", "r", "all"]),
    help="Default: python, and r where R is installed.",
)
@click.option("--name", help="Kernel name; with one kernel only.")
@click.option("--display-name", help="What Jupyter shows; with one kernel only.")
@click.option(
    "--r-library",
    type=click.Path(file_okay=False, path_type=Path),
    help="Install openhexaR into this R library.",
)
@click.option("--overlay", is_flag=True, help="Also replace python3 and ir, primed.")
def install(user, sys_prefix, prefix, kernel, name, display_name, r_library, overlay):
    """Install the kernels, start each once, and say where they are."""
    from . import kernelspec, r_packages

    if sum(map(bool, (user, sys_prefix, prefix))) > 1:
        raise click.UsageError("Choose one of --user, --sys-prefix and --prefix.")
    if kernel not in ("python", "r") and (name or display_name):
        raise click.UsageError("--name and --display-name need --kernel python or r.")
    prefix = sys.prefix if sys_prefix else prefix
    if name:
        kernelspec.check_name(name)
    if kernel is None:
        kernel = "all" if shutil.which("R") else "python"
        if kernel == "python":
            _say(RMissingError())
    if "r" in _chosen(kernel):
        click.echo("Installing the R package openhexaR …")
        library = r_packages.install_r_package(r_library)
        click.echo(f"openhexaR: {library}")
    for one in _chosen(kernel):
        for over in [False, True] if overlay else [False]:
            folder = kernelspec.install(
                one,
                name=name,
                display_name=display_name,
                user=not prefix,
                prefix=prefix,
                r_library=r_library.resolve() if r_library and one == "r" else None,
                overlay=over,
            )
            kernelspec.start_once(folder)
            click.echo(f"{folder.name}: {folder} (starts)")


@main.command()
@click.option("--kernel", type=click.Choice(["python", "r", "all"]), default="all")
@click.option("--name", help="A kernel installed under another name.")
def uninstall(kernel, name):
    """Remove the kernels. The R package stays: remove.packages("openhexaR")."""
    from . import kernelspec

    wanted = {name} if name else {kernelspec.KERNELS[one] for one in _chosen(kernel)}
    removed = [k.name for k in kernelspec.installed() if k.name in wanted]
    for one in removed:
        click.echo(f"{one}: {kernelspec.uninstall(one)} removed")
    if not removed:
        click.echo("No such kernel is installed.")


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def list_kernels(as_json):
    """List our installed kernels."""
    from . import kernelspec

    found = list(kernelspec.installed())
    if as_json:
        click.echo(json.dumps([asdict(kernel) for kernel in found], indent=2))
        return
    for kernel in found:
        click.echo(f"{kernel.name}  {kernel.display_name}  {kernel.resource_dir}")
    if not found:
        click.echo("None. Install them: hexa-kernels install")


_FOLDER = click.Path(file_okay=False, path_type=Path)


@main.command()
@click.argument("folder", type=_FOLDER)
def init(folder):
    """Make a workspace on this machine: workspace.yaml, files, scratch, database."""
    from .local import postgres, workspace_yaml

    workspace_yaml.create(folder.resolve(), postgres.free_port())
    click.echo(f"{folder}: workspace made. Open it: hexa-kernels lab {folder}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("folder", type=_FOLDER, default=".")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(folder, arguments):
    """Open JupyterLab on a workspace, with its database, until Ctrl-C.

    ARGUMENTS are JupyterLab's, for example --no-browser.
    """
    from .local import lab

    with _said_warnings():
        lab.lab(folder, list(arguments))


@main.command()
@click.argument(
    "notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--workspace", "folder", type=_FOLDER, default=".", help="Folder of the workspace."
)
def run(notebook, output, folder):
    """Run a notebook in a workspace, as a pipeline of OpenHEXA does."""
    from .local import lab

    with _said_warnings(), lab.running(folder, share=True) as workspace:
        lab.run(notebook, output, workspace)


@main.command()
@click.argument("folder", type=_FOLDER, default="hexa-demo")
def demo(folder):
    """Make a workspace with data and run a Python and an R notebook in it."""
    from .local.demo import demo

    with _said_warnings():
        results = demo(folder.resolve(), click.echo)
    click.echo(f"\n{'notebook':<15} {'cells':>5} {'seconds':>8}  result")
    for result in results:
        click.echo(
            f"{result.name:<15} {result.cells:>5} {result.seconds:>8.1f}  {result.html}"
        )
        if result.error:
            click.echo(f"  stopped by {result.error}", err=True)
    if any(result.error for result in results):
        raise SystemExit(1)


@contextmanager
def _said_warnings():
    """Show our warnings as a sentence, without the place in the code."""

    def show(warning, category, *place, **options):
        if issubclass(category, OpenHexaWarning):
            _say(warning)
        else:
            shown(warning, category, *place, **options)

    shown = warnings.showwarning
    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


if __name__ == "__main__":
    main()
