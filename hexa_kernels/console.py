"""How our commands show problems."""

import warnings
from contextlib import contextmanager

import click

from .errors import OpenHexaError, OpenHexaWarning


def say(problem: OpenHexaError | OpenHexaWarning) -> None:
    """Show a problem to people: code, what is wrong, what to do."""
    click.echo(f"[{problem.code}] {problem.message}\n  {problem.hint}", err=True)


def confirm(question: str) -> None:
    """Ask, and abort unless the answer is yes, in English or French."""
    answer = click.prompt(question, default="", show_default=False)
    if answer.strip().lower() not in ("y", "yes", "o", "oui"):
        raise click.Abort


class _Coded:
    """Shows our errors as a code, what is wrong and what to do."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except OpenHexaError as error:
            say(error)
            context.exit(1)


class Command(_Coded, click.Command):
    """A command that shows our errors so."""


class Group(_Coded, click.Group):
    """A group of such commands."""

    command_class = Command


@contextmanager
def said_warnings():
    """Show our warnings as a sentence, without the place in the code."""

    def show(warning, category, *place, **options):
        if issubclass(category, OpenHexaWarning):
            say(warning)
        else:
            shown(warning, category, *place, **options)

    shown = warnings.showwarning
    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
