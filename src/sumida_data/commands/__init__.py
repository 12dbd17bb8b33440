"""The command ``sumida-data``: what is done outside a run."""

import sys
from importlib import import_module

import click

_HELP = "行政情報化の取組状況のデータを扱います。四半期の集計は kedro run で行います。"
_COMMANDS = {
    "check": "sumida_data.commands.check",
    "approve": "sumida_data.commands.approve",
    "verify": "sumida_data.commands.verify",
    "undo": "sumida_data.commands.verify",
}


class _Commands(click.Group):
    """Imports a command when it is asked for: each has a library of its own to load."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(cls=_Commands, help=_HELP)
def cli() -> None:
    """The group of commands."""


def main() -> None:
    """Run the command; exits with 1 where it cannot be run, as `kedro run` does."""
    try:
        cli(prog_name="sumida-data", standalone_mode=False)
    except click.ClickException as error:
        click.secho(error.format_message(), err=True, fg="red")
        sys.exit(1)
    except click.Abort:
        sys.exit(1)
