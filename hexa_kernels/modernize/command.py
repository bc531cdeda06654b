"""The command ``hexa-kernels modernize``."""

from pathlib import Path

import click

from ..console import Command, say

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(cls=Command)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--diff", is_flag=True, help="Show the changes that are safe.")
@click.option("--write", is_flag=True, help="Make them in NAME.modernized.ipynb.")
@click.option("-o", "--output", type=_FOLDER, help="Make them in copies in FOLDER.")
@click.option("--in-place", is_flag=True, help="Make them; keep NAME.ipynb.bak.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--check", is_flag=True, help="Exit with 1 where something is found.")
def modernize(paths, diff, write, output, in_place, as_json, check):
    """List what is written by hand in notebooks and scripts, and no longer needed.

    PATHS are notebooks (.ipynb), scripts (.R, .r, .py) and folders. In folders, links,
    hidden folders, renv, venv and node_modules are left aside.

    Exit codes: 0; 1 with --check, where something is found; 2 where a file failed.

    Changes: nothing without --write, -o or --in-place.

    \b
    Examples:
      hexa-kernels modernize reports/
      hexa-kernels modernize reports/ --diff
      hexa-kernels modernize reports/malaria.ipynb --in-place
    """
    from . import report
    from .survey import survey

    if in_place and (write or output):
        raise click.UsageError("Choose --in-place, or copies: --write, -o.")
    results, said = [], []
    for result in survey(list(paths)):  # which shows how far it is: all else follows
        results.append(result)
        said += report.describe(result, diff=diff)
        if result.change and (write or output or in_place):
            said += report.carry_out(result, folder=output, in_place=in_place)
        result.change = None  # which may be large
    if as_json:
        click.echo(report.as_json(results))
    else:
        click.echo("\n".join([*said, report.summarize(results)]))
        for result in results:
            if result.error:
                say(result.error)
    if any(result.error for result in results):
        raise SystemExit(2)
    if check and any(result.findings for result in results):
        raise SystemExit(1)
