"""The command ``sumida-data``: what is done outside a run."""

import gc
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sumida_data.base.characters import escape_unprintable
from sumida_data.base.disk import explain_os_error

_HELP = "行政情報化の取組状況のデータを扱います。四半期の集計は kedro run で行います。"
_SEE_HELP = "書き方は sumida-data --help や sumida-data approve --help で見られます。"
_COMMANDS = {
    "check": "sumida_data.commands.check",
    "approve": "sumida_data.commands.approve",
    "verify": "sumida_data.commands.verify",
    "undo": "sumida_data.commands.verify",
    "abandon": "sumida_data.commands.verify",
    "withdraw": "sumida_data.commands.verify",
    "quarter": "sumida_data.commands.quarter",
    "compare": "sumida_data.commands.compare",
    "backup": "sumida_data.commands.backup",
    "restore": "sumida_data.commands.backup",
    "new": "sumida_data.commands.new",
}


class _Commands(click.Group):
    """Imports a command when it is asked for: each has a library of its own to load."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; where a file or the disk is in its way, that is said in plain words."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            raise click.ClickException(explain_os_error(error)) from error

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


cli = _Commands("cli", help=_HELP)


def main() -> None:
    """Run the command; exits with 1 where it cannot be run, as `kedro run` does."""
    # Pydantic would look for plugins in all packages that are installed, and there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Nor is what is made at the start thrown away soon.
    gc.set_threshold(100_000)
    escape_unprintable()
    try:
        cli(prog_name="sumida-data", standalone_mode=False)
    except click.Abort:
        sys.exit(1)
    except click.ClickException as error:
        message = _say(error)
    except Exception as error:  # a traceback says nothing to an officer
        message = describe_fault(error)
    else:
        return
    click.secho(message, err=True, fg="red")
    sys.exit(1)


def describe_fault(error: Exception) -> str:
    """Say in a line that there was an unexpected error, and where."""
    *_, last = traceback.extract_tb(error.__traceback__)
    where = f"{type(error).__name__}、{Path(last.filename).name} の{last.lineno}行目"
    return f"思わぬ誤りのため、やめました({where})。この行を添えて、担当課に知らせてください。"


def _say(error: click.ClickException) -> str:
    """Return what is wrong; click says in English what cannot be understood of a command."""
    match error:
        case click.MissingParameter(param=click.Argument() as missing):
            return f"{missing.metavar} を書いてください。"
        case click.BadParameter(param=click.Argument() as given):
            return f"{given.metavar} が見つからないか、読めません。場所と名前を確かめてください。"
        case click.BadParameter(param=click.Option() as option):
            return f"{option.opts[0]}: 書かれた値は読めません。{option.help}"
        case click.NoSuchOption() | click.BadOptionUsage():
            return f"{error.option_name}: このオプションはないか、値が要ります。{_SEE_HELP}"
        case click.UsageError() if not isinstance(error, click.exceptions.NoArgsIsHelpError):
            return f"この書き方はできません。{_SEE_HELP}"
    return error.format_message()
