"""The command ``sumida-data``: what is done outside a run."""

import sys
from importlib import import_module

import click

_HELP = "行政情報化の取組状況のデータを扱います。四半期の集計は kedro run で行います。"
_SEE_HELP = "書き方は sumida-data --help や sumida-data approve --help で見られます。"
_COMMANDS = {
    "check": "sumida_data.commands.check",
    "approve": "sumida_data.commands.approve",
    "verify": "sumida_data.commands.verify",
    "undo": "sumida_data.commands.verify",
    "backup": "sumida_data.commands.backup",
    "restore": "sumida_data.commands.backup",
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
        click.secho(_say(error), err=True, fg="red")
        sys.exit(1)
    except click.Abort:
        sys.exit(1)


def _say(error: click.ClickException) -> str:
    """Return what is wrong; click says in English what cannot be understood of a command."""
    match error:
        case click.MissingParameter(param=click.Argument() as missing):
            return f"{missing.metavar} を書いてください。"
        case click.BadParameter(param=click.Option() as option):
            return f"{option.opts[0]}: 書かれた値は読めません。{option.help}"
        case click.NoSuchOption() | click.BadOptionUsage():
            return f"{error.option_name}: このオプションはないか、値が要ります。{_SEE_HELP}"
        case click.UsageError() if not isinstance(error, click.exceptions.NoArgsIsHelpError):
            return f"この書き方はできません。{_SEE_HELP}"
    return error.format_message()
