"""Where a project keeps what was proposed and recorded, without Kedro."""

from pathlib import Path
from typing import Any

import click
import yaml

_CATALOGUE = Path("conf/base/catalog_publish.yml")
_PROPOSAL, _TARGET = "publication_proposal", "public_target"


def find_project(start: Path) -> Path:
    """Return the nearest folder that is the project, going up from a folder.

    Raises:
        click.ClickException: If there is none.
    """
    for folder in (start, *start.parents):
        if (folder / _CATALOGUE).is_file():
            return folder
    raise click.ClickException(
        f"設定({_CATALOGUE.as_posix()})が {start} にもその上にもありません。"
        "プロジェクトのフォルダで実行してください。"
    )


def locate_proposal(project: Path, env: str | None) -> Path:
    """Return the file in which the last run left what it would publish."""
    return project / str(_read_entry(project, env, _PROPOSAL)["filepath"])


def locate_record(project: Path, env: str | None) -> Path:
    """Return the folder with the record of the environment's public target."""
    return project / str(_read_entry(project, env, _TARGET)["target"]["record"])


def _read_entry(project: Path, env: str | None, name: str) -> dict[str, Any]:
    """Return an entry of the catalogue as Kedro would: an environment's own comes first."""
    folders = [project / "conf" / one for one in (env, "base") if one]
    if missing := [folder for folder in folders if not folder.is_dir()]:
        raise click.ClickException(f"--env={env}: {missing[0]} がありません。")
    for folder in folders:
        for path in sorted(folder.glob("catalog*.yml")):
            entries = yaml.load(path.read_bytes(), yaml.CSafeLoader) or {}
            if name in entries:
                entry: dict[str, Any] = entries[name]
                return entry
    raise click.ClickException(f"{_CATALOGUE.as_posix()}: {name} がありません。")
