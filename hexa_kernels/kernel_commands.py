"""The commands ``hexa-kernels install``, ``uninstall`` and ``list``."""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import click

from .console import Command, say
from .errors import (
    KernelFailedError,
    KernelHiddenWarning,
    OpenHexaError,
    RMissingError,
)


def _chosen(kernel: str) -> list[str]:
    return ["python", "r"] if kernel == "all" else [kernel]


def _our_kernels(context, parameter, incomplete: str) -> list[str]:
    """Complete the name of a kernel of ours."""
    from . import kernelspec

    names = [kernel.name for kernel in kernelspec.installed()]
    return [name for name in names if name.startswith(incomplete)]


def _prefix(user: bool, sys_prefix: bool, prefix: str | None) -> str | None:
    """Give the prefix of the one place that was chosen; None for the user's."""
    if sum(map(bool, (user, sys_prefix, prefix))) > 1:
        raise click.UsageError("Choose one of --user, --sys-prefix and --prefix.")
    return sys.prefix if sys_prefix else prefix


@click.command(cls=Command)
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
    """Install the kernels, start each once, and say where they are.

    Changes: a folder for each kernel, in your Jupyter folder or the one you name; R
    packages in the first R library that you may write. --overlay also changes what
    the kernels python3 and ir start; uninstall puts them back.

    \b
    Examples:
      hexa-kernels install
      hexa-kernels install --prefix /opt/conda --overlay
      hexa-kernels install --kernel r --name r-survey --r-library ./library
    """
    from . import kernelspec, r_packages

    prefix = _prefix(user, sys_prefix, prefix)
    if kernel not in ("python", "r") and (name or display_name):
        raise click.UsageError("--name and --display-name need --kernel python or r.")
    if name:
        kernelspec.check_name(name)
    kernel = kernel or _default_kernel()
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
                prefix=prefix,
                r_library=r_library.resolve() if r_library and one == "r" else None,
                overlay=over,
            )
            said = _start(folder, over)
            click.echo(f"{folder.name}: {folder} (starts)")
            if said:
                click.echo(f"  {said}", err=True)
            other = kernelspec.hidden_by(folder)
            if other:
                say(KernelHiddenWarning(path=folder, other=other))


def _default_kernel() -> str:
    if shutil.which("R"):
        return "all"
    say(RMissingError())
    return "python"


def _start(folder: Path, over: bool) -> str:
    from . import kernelspec
    from .overlay import take_away

    try:
        return kernelspec.start_once(folder)
    except KernelFailedError:
        if over:  # better the plain kernel than none
            take_away(folder)
        raise


@click.command(cls=Command)
@click.option("--user", is_flag=True, help="Only from your own Jupyter folder.")
@click.option("--sys-prefix", is_flag=True, help="Only from this Python environment.")
@click.option("--prefix", type=click.Path(), help="Only from DIR/share/jupyter.")
@click.option("--kernel", type=click.Choice(["python", "r", "all"]), default="all")
@click.option(
    "--name", help="Only the kernel of this name.", shell_complete=_our_kernels
)
def uninstall(user, sys_prefix, prefix, kernel, name):
    """Remove the kernels, and put back python3 and ir as they were.

    Changes: removes the folders that install made, wherever Jupyter finds them, or in
    the one place that you name. The R package stays: remove.packages("openhexaR") in R
    removes it. Ends with 1 where a folder may not be changed; the others are.

    \b
    Examples:
      hexa-kernels uninstall
      hexa-kernels uninstall --kernel r --prefix /opt/conda
      hexa-kernels uninstall --name r-survey
    """
    from . import kernelspec

    both = kernelspec.KERNELS, kernelspec.PLAIN_KERNELS
    ours = {names[one] for names in both for one in _chosen(kernel)}
    place = {"user": user, "prefix": _prefix(user, sys_prefix, prefix)}
    found = list(kernelspec.uninstall({name} if name else ours, **place))
    failures = [done for _, done in found if isinstance(done, OpenHexaError)]
    for folder, done in found:
        if done not in failures:
            click.echo(f"{folder.name}: {folder} {done}")
    for failure in failures:
        say(failure)
    if failures:
        raise SystemExit(1)
    if not found:
        click.echo("No such kernel is installed.")


@click.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def list_kernels(as_json):
    """List our installed kernels: name, title, folder.

    Changes: nothing.

    \b
    Examples:
      hexa-kernels list
      hexa-kernels list --json
    """
    from . import kernelspec

    found = list(kernelspec.installed())
    if as_json:
        click.echo(json.dumps([asdict(kernel) for kernel in found], indent=2))
        return
    for kernel in found:
        click.echo(f"{kernel.name}  {kernel.display_name}  {kernel.resource_dir}")
    if not found:
        click.echo("None. Install them: hexa-kernels install")
