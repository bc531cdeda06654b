"""The command ``hexa-kernels``."""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import click

from . import __version__, environment
from .console import Group, confirm, said_warnings, say
from .errors import (
    KernelFailedError,
    KernelHiddenWarning,
    OpenHexaError,
    RMissingError,
)
from .local.run_command import run
from .modernize.command import modernize


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main():
    """Jupyter kernels in which the OpenHEXA workspace is simply there.

    \b
    On a laptop, from nothing to JupyterLab on a workspace:
      hexa-kernels install
      hexa-kernels init my-workspace
      hexa-kernels lab my-workspace

    Each command says with --help what it changes, and has an example.
    """


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


@main.command()
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


@main.command("list")
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


_FOLDER = click.Path(file_okay=False, path_type=Path)


@main.command()
@click.argument("folder", type=_FOLDER)
def init(folder):
    """Make a workspace on this machine: workspace.yaml, files, scratch, database.

    Changes: makes FOLDER with workspace.yaml, which holds a new password, and the
    folders workspace and tmp. What is there already is left alone.

    \b
    Example:
      hexa-kernels init my-workspace
    """
    from .local import postgres, workspace_yaml

    workspace_yaml.create(folder.resolve(), postgres.free_port())
    click.echo(f"{folder}: workspace made. Open it: hexa-kernels lab {folder}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("folder", type=_FOLDER, default=".")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(folder, arguments):
    """Open JupyterLab on a workspace, with its database, until Ctrl-C.

    ARGUMENTS are JupyterLab's, for example --no-browser.

    Changes: makes the database at the first start; the port in workspace.yaml where
    another program has taken it.

    \b
    Examples:
      hexa-kernels lab my-workspace
      hexa-kernels lab my-workspace --no-browser --port 9000
    """
    from .local import lab

    with said_warnings():
        lab.lab(folder, list(arguments))


main.add_command(run)
main.add_command(modernize)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell):
    """Print the script that lets a shell complete commands, options and kernels.

    Changes: nothing; the line in your shell's start file is yours to add.

    \b
    Examples:
      hexa-kernels completion bash >> ~/.bashrc
      hexa-kernels completion zsh >> ~/.zshrc
      hexa-kernels completion fish > ~/.config/fish/completions/hexa-kernels.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    click.echo(kind(main, {}, "hexa-kernels", "_HEXA_KERNELS_COMPLETE").source())


@main.command()
@click.argument("folder", type=_FOLDER, default="hexa-demo")
def demo(folder):
    """Make a workspace with data and run a Python and an R notebook in it.

    Changes: makes FOLDER, and in it a table, two notebooks and their pages.

    \b
    Example:
      hexa-kernels demo my-demo
    """
    from .local.demo import demo

    with said_warnings():
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


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option(
    "--workspace",
    "folder",
    type=_FOLDER,
    help="Folder of a workspace; else the one that is open, or the nearest above.",
)
def doctor(as_json, folder):
    """Look at all that notebooks need, and print the command that mends what is wrong.

    Looks at Python, R, their packages, the kernels, the workspace's folders, its
    database, the OpenHEXA server and your token, for a minute at most. Ends with 1 if
    something failed, with 0 if not; a warning is no failure.

    Changes: nothing.

    \b
    Examples:
      hexa-kernels doctor
      hexa-kernels doctor --workspace my-workspace --json
    """
    from .doctor import examine
    from .local import workspace_yaml

    if folder is None and not environment.is_cloud():
        is_open = environment.is_set("files_path")
        folder = None if is_open else workspace_yaml.nearest_workspace(Path.cwd())
    variables = workspace_yaml.read(folder).variables() if folder else {}
    with environment.applied(variables):
        report = examine()
    if as_json:
        found = {"version": __version__, **report.as_dict()}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo(report)
    if not report.ok:
        raise SystemExit(1)


@main.group("server", cls=Group)
def server_commands():
    """The Jupyter server of a workspace on OpenHEXA.

    Changes: nothing; its commands do.

    \b
    Example:
      hexa-kernels server restart
    """


@server_commands.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def restart(yes):
    """Stop this workspace's server and start it anew, with fresh credentials.

    From a terminal of JupyterLab on OpenHEXA. Says first what will be lost.

    Changes: ends the kernels and terminals of the server, and what is not saved.

    \b
    Example:
      hexa-kernels server restart
    """
    from . import server
    from .contract import phrase

    here = server.current()
    here.check()
    click.echo(here.losses())
    if not yes:
        confirm(phrase("stop_confirm", environment.language()))
    server.restart(here, click.echo)


@main.command()
@click.argument("name", required=False)
@click.option("--language", type=click.Choice(["python", "r"]), help="One alone.")
def snippet(name, language):
    """Show how something is written in Python and in R; without NAME, list what.

    Changes: nothing.

    \b
    Examples:
      hexa-kernels snippet
      hexa-kernels snippet database --language r
    """
    from .snippets import hexa_snippet

    hexa_snippet(name, language)


if __name__ == "__main__":
    main()
