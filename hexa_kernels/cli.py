"""The command ``hexa-kernels``."""

import json
from pathlib import Path

import click

from . import __version__, environment
from .console import Group, confirm, said_warnings
from .errors import DirectoryGoneError, OpenHexaError
from .kernel_commands import install, list_kernels, uninstall
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
    try:
        Path.cwd()
    except FileNotFoundError:
        raise DirectoryGoneError() from None


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


for command in (install, uninstall, list_kernels, run, modernize):
    main.add_command(command)


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
    variables, problem = {}, None
    try:
        variables = workspace_yaml.read(folder).variables() if folder else {}
    except OpenHexaError as error:  # the rest is looked at all the same
        problem = error
    with environment.applied(variables):
        report = examine(problem)
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
