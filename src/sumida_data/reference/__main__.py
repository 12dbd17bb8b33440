"""Write the reference pages to docs/reference, from the project's folder."""

from pathlib import Path

import click
import yaml

from sumida_data.commands import cli
from sumida_data.reference.pages import render_pages

_PARAMETERS, _PAGES = Path("conf/base/parameters"), Path("docs/reference")


def main() -> None:
    """Write the pages."""
    parameters: dict[str, object] = {}
    for path in sorted(_PARAMETERS.glob("*.yml")):
        parameters |= yaml.safe_load(path.read_text("utf-8"))
    context = click.Context(cli)
    names = cli.list_commands(context)
    commands = {name: command for name in names if (command := cli.get_command(context, name))}
    _PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in render_pages(parameters, commands).items():
        (_PAGES / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
