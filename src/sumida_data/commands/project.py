"""What the commands need of the project, without Kedro, so that they start fast."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from sumida_data.base.disk import hash_files, list_settings
from sumida_data.survey.departments import parse_departments, refuse_unknown_codes
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.opened import keep, recall
from sumida_data.survey.reading.registers import parse_layout_map, read_register

_BASE, _REFERENCE = Path("conf/base"), Path("data/01_raw/reference")
_REGISTERS = ("departments.csv", "layout_map.csv")


option_env = click.option(
    "--env", metavar="環境", help="公開先の設定(ckanなど)。書かなければフォルダです。"
)
option_yes = click.option("--yes", is_flag=True, help="確かめの質問をしません。")


def make_option_day(meaning: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the option ``--day`` of a command, whose help begins with what the day means."""
    form, words = click.DateTime(["%Y-%m-%d"]), f"{meaning}(2023-02-01の形)。書かなければ今日です。"
    return click.option("--day", type=form, default=datetime.now, metavar="日", help=words)


class ProjectError(click.ClickException):
    """The project is not there or its settings have mistakes; the text says what to do."""


def find_project(*more: Path) -> Path:
    """Return the nearest folder that is the project, going up from here, then from elsewhere."""
    for start in (Path.cwd(), *map(Path.resolve, more)):
        for folder in (start, *start.parents):
            if (folder / _BASE).is_dir():
                return folder
    raise ProjectError(
        f"設定({_BASE.as_posix()})が {Path.cwd()} にもその上にもありません。"
        "プロジェクトのフォルダで実行してください"
        "(check は、--project でプロジェクトのフォルダを指定してください)。"
    )


def read_catalogue(project: Path, env: str | None, name: str) -> dict[str, Any]:
    """Return an entry of Kedro's catalogue as Kedro would: an environment's own comes first."""
    for folder in (project / "conf" / one for one in (env, "base") if one):
        if not folder.is_dir():
            raise ProjectError(f"--env={env}: {folder} がありません。")
        entries = _read(list_settings(folder, "catalog"), [name])
        if name in entries:
            entry: dict[str, Any] = entries[name]
            return entry
    raise ProjectError(f"{folder}: {name} がありません。")


def read_parameters(project: Path, wanted: Collection[str] = ()) -> dict[str, Any]:
    """Return parameters of a project as they are without those of an environment."""
    if not (paths := list_settings(project / _BASE, "parameters")):
        where = project / _BASE / "parameters"
        raise ProjectError(f"設定を読めません。{where} に設定がありません。")
    return _read(paths, wanted)


def _read(paths: list[Path], wanted: Collection[str]) -> dict[str, Any]:
    # Imported here, with YAML, because it takes time and descriptions are mostly kept.
    from sumida_data.base.settings_files import SettingsError, read_settings  # noqa: PLC0415

    try:
        return read_settings(paths, wanted)
    except SettingsError as error:
        raise ProjectError(str(error)) from error


@contextmanager
def name_mistakes(project: Path) -> Iterator[None]:
    """Where the settings of a project cannot be used, name each mistake in one line."""
    try:
        yield
    except (ValueError, KeyError) as error:
        # Imported here because it takes time and settings seldom have mistakes.
        from sumida_data.parameters import find_mistakes  # noqa: PLC0415

        mistakes = [*find_mistakes(read_parameters(project), project / _BASE / "parameters")]
        if not mistakes and isinstance(error, KeyError):
            raise
        raise ProjectError("\n".join(mistakes) or str(error)) from error


class Project:
    """The descriptions by which a workbook is checked; the fingerprint is a hash of them all.

    They are kept as they were made, and made anew when any file of theirs is another.
    """

    def __init__(self, folder: Path) -> None:
        """Read them; a ProjectError names each mistake in one line."""
        self.folder = folder
        contents, kept = self._read_files(), folder / "data/state/descriptions"
        if contents and (made := recall(kept, "project", contents)):
            vars(self).update(made | {"folder": folder})
            return
        self._make()
        # The files have not changed meanwhile.
        if contents and contents == self._read_files():
            keep(kept, "project", contents, vars(self) | {"folder": None})

    def _read_files(self) -> bytes:
        """Return hashes of all that decides the descriptions; nothing if a file does not open."""
        paths = sorted(list_settings(self.folder / _BASE, "parameters"))
        paths += [Path(__file__), *(self.folder / _REFERENCE / name for name in _REGISTERS)]
        hashes = [one for path in paths for one in hash_files(path).items()]
        return repr(hashes).encode() if all(known for _, known in hashes) else b""

    def _make(self) -> None:
        parameters = read_parameters(self.folder, ("form", "waves", "finding_rules"))
        register = self.folder / _REFERENCE
        with name_mistakes(self.folder):
            departments, mapped = (read_register(register / name) for name in _REGISTERS)
            self.form = Form.model_validate(parameters["form"])
            self.waves = Waves.model_validate(parameters["waves"])
            self.rules = FindingRules.model_validate(parameters["finding_rules"])
            self.departments = parse_departments(departments)
            asked = {sheet for wave in self.waves.listed.values() for sheet in wave.sheets}
            if unknown := asked - {part.sheet for part in self.form.sheets}:
                raise ValueError(f"waves.yml の sheets: {unknown}")
            refuse_unknown_codes(self.waves.listed, self.departments)
            self.layout_map = parse_layout_map(mapped, self.form)
            known = repr((parameters, departments, mapped))
            self.fingerprint = sha256(known.encode()).hexdigest()
