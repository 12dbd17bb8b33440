"""Project commands: `kedro run` with plain words for officers, and a summary at the end."""

import errno
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NoReturn

import click
from kedro.config import MissingConfigException
from kedro.framework.cli import project
from kedro.framework.project import settings
from kedro.framework.startup import ProjectMetadata
from kedro.io import DatasetError
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from sumida_data import pipelines
from sumida_data.base.characters import print_whatever
from sumida_data.base.disk import hold
from sumida_data.base.settings_files import SettingsError, list_settings, read_settings
from sumida_data.runs.last_run import LastRun, hash_settings
from sumida_data.runs.manifest import RECORDER

if TYPE_CHECKING:
    from sumida_data.runs.runner import Changes

_EXIT_FAILED = 1
_BUSY = "ほかの kedro run が実行中です。終わってから、もう一度実行してください。"
# Options with which a user says which nodes run, and how; then just these do.
_OF_KEDRO = (
    "runner",
    "runner_params",
    "tags",
    "node_names",
    "from_nodes",
    "to_nodes",
    "from_inputs",
    "to_outputs",
    "load_versions",
    "namespaces",
    "only_missing_outputs",
)
_NAMES_SHOWN = 5
_NAMES = {"code": "プログラム", "locations": "データの場所"}
# What the other pipelines say: lines and an exit code.
_SUMMARIES = (
    "publication_summary",
    "quality_summary",
    "forms_summary",
    "keep_summary",
    "sample_summary",
    "many_summary",
)


@click.group(name="sumida_data")
def cli() -> None:
    """Commands of this project."""


@cli.command(name="run", params=project.run.params, help=project.run.help)
@click.pass_obj
def run(metadata: ProjectMetadata, /, **options: Any) -> None:
    """Check the parameters, run the pipelines, say what came out and what to do next.

    Exits with 0 when done, 2 when done with things set aside, 1 when failed.
    """
    print_whatever()
    # Paths in the catalogue are meant from there, also where Kedro was called further below.
    os.chdir(metadata.project_path)
    _refuse_unknown(options["pipelines"] or filter(None, [options["pipeline"]]))
    changes = _find_changes(metadata.project_path, options) if _is_whole(options) else None
    _refuse_mistakes(metadata, options)
    if changes:
        options["runner"] = "sumida_data.runs.runner.ChangesRunner"
        options["runner_params"] = {"changes": changes}
    outputs = _run(options, changes)
    if changes:
        _tell_changes(changes)
    if changes and "summarise" in changes.kept:
        _finish_as_before(changes)
    if "run_summary" in outputs:
        _finish(outputs["run_summary"].load(), changes)
    for name in _SUMMARIES:
        if name in outputs:
            _finish_in_lines(outputs[name].load())
    RECORDER.write(Path.cwd(), 0)


def _explain(error: BaseException) -> str:
    """Say what is wrong; of the disk, which Kedro wraps into errors of its own, in plain words."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    again = "もう一度実行してください。"
    match cause:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"ディスクの空きが足りません。要らないものを消して、{again}"
        case PermissionError():
            return f"{cause.filename} に書けません。Excelなどで開いていれば閉じて、{again}"
    return str(error)


def _run(options: dict[str, Any], changes: "Changes | None") -> dict[str, Any]:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RichHandler):
            handler.addFilter(_put_plainly)
    try:
        with hold(Path("data/.running"), ValueError(_BUSY)):
            outputs: dict[str, Any] = project.run.callback(**options)  # type: ignore[misc]  # click's is optional
    except (ValueError, DatasetError, OSError) as error:
        if changes and changes.this.nodes:
            changes.keep_what_is_done()
            _print("もう一度実行すると、ここまでに終わった処理の続きから始まります。")
        _fail([_explain(error)])
    return outputs


def _is_whole(options: Mapping[str, Any]) -> bool:
    """Tell whether the whole quarter is asked for, run as this project runs it."""
    names = options["pipelines"] or list(filter(None, [options["pipeline"]]))
    return set(names) <= {"__default__"} and not any(options[name] for name in _OF_KEDRO)


def _find_changes(folder: Path, options: Mapping[str, Any]) -> "Changes":
    """Return what is known of the last run; show that run and exit if nothing has changed."""
    last, made_of = LastRun.read(folder), hash_settings(folder, options)
    asked = "again" in options["params"]
    if not asked and last.is_still(folder, made_of):
        _print(
            "前回の実行から何も変わっていないので、何もせず、前回の結果を表示します。"
            "全部をやり直すときは --params=again=true を付けてください。"
        )
        _show_summary(last)
        sys.exit(last.exit_code)
    # Imported here because a run for which nothing has changed needs none of it.
    from sumida_data.runs.runner import Changes  # noqa: PLC0415

    return Changes(folder, last, LastRun(made_of), asked=asked)


def _tell_changes(changes: "Changes") -> None:
    """Say in a line what has changed since the last run, and what of it was used again."""
    if not changes.kept:
        return
    names = [_name_plainly(name) for name in changes.names]
    rest = len(names) - _NAMES_SHOWN
    listed = "、".join(names[:_NAMES_SHOWN]) + (f"、ほか{rest}件" if rest > 0 else "")
    kept = len(changes.kept)
    _print(
        f"前回から変わったもの：{listed or 'なし'}。"
        f"関わりのない処理{kept}件はやり直さず、前回の結果を使いました。"
    )


def _name_plainly(name: str) -> str:
    return _NAMES.get(name) or re.sub(r"^params:(.+)$", r"\1.yml", name)


def _show_summary(run: LastRun) -> None:
    Console().print(Text.from_ansi(run.summary))


def _put_plainly(record: logging.LogRecord) -> bool:
    """Say in Japanese how a run is resumed, and leave to the log what the last line says anyway."""
    if record.name == "kedro.pipeline.node" or str(record.msg).startswith("No nodes ran"):
        return False
    if advice := re.search(r'--from-nodes "[^"]+"', str(record.msg)):
        # Logged, it would be broken over lines and could not be copied.
        _print(f"途中から続けるには、同じコマンドに次を付けてください。\n{advice[0]}")
    return not advice


def _refuse_unknown(names: Iterable[str]) -> None:
    known = ["__default__", *(one.name for one in iter_modules(pipelines.__path__) if one.ispkg)]
    if unknown := [name for name in names if name not in known]:
        allowed = f"この名前のパイプラインはありません。使えるのは {'、'.join(known)} です。"
        _fail([f"--pipelines={name}: {allowed}" for name in unknown])


def _refuse_mistakes(metadata: ProjectMetadata, options: dict[str, Any]) -> None:
    source = Path(options["conf_source"] or metadata.project_path / settings.CONF_SOURCE)
    environment = {"env": options["env"], **settings.CONFIG_LOADER_ARGS}
    loader = settings.CONFIG_LOADER_CLASS(str(source), **environment)
    try:
        for name in (settings.CONFIG_LOADER_ARGS["base_env"], options["env"] or "local"):
            for kind in ("parameters", "catalog"):
                read_settings(list_settings(source / name, kind))
        parameters = loader["parameters"]
    except SettingsError as error:
        _fail(str(error).splitlines())
    except MissingConfigException:
        _fail([f"設定ファイルが {source.as_posix()} にありません。場所を確かめてください。"])
    if unknown := set(options["params"]) - set(parameters):
        allowed = "、".join(sorted(parameters))
        _fail(
            [
                f"--params={name}: この名前の設定はありません。使えるのは {allowed} です。"
                for name in sorted(unknown)
            ]
        )
    # Imported here because a run for which nothing has changed needs none of it.
    from sumida_data.parameters import find_mistakes  # noqa: PLC0415

    folder = source / settings.CONFIG_LOADER_ARGS["base_env"] / "parameters"
    try:
        given = {name: parameters[name] for name in options["params"]}
        merged: Any = OmegaConf.to_container(OmegaConf.merge(given, options["params"]))
    except OmegaConfBaseException:
        _fail(
            ["--params: 「名前=値」か「名前.項目=値」の形で書いてください(「${…}」は使えません)。"]
        )
    if mistakes := list(find_mistakes(parameters | merged, folder)):
        _fail(mistakes)


def _finish(summary: Any, changes: "Changes | None") -> None:
    # Imported here because only a whole run needs it.
    from sumida_data.report.summary import render_summary  # noqa: PLC0415

    console = Console(record=True)
    console.print(render_summary(summary))
    if changes:
        _remember(changes, console.export_text(styles=True), summary.exit_code)
    _exit(summary.exit_code)


def _finish_as_before(changes: "Changes") -> None:
    """Show the summary of the last run, which still holds."""
    _show_summary(changes.last)
    _remember(changes, changes.last.summary, changes.last.exit_code)
    _exit(changes.last.exit_code)


def _remember(changes: "Changes", summary: str, exit_code: int) -> None:
    changes.this.summary, changes.this.exit_code = summary, exit_code
    changes.this.write(changes.project)


def _finish_in_lines(summary: dict[str, Any]) -> None:
    for line in summary["lines"]:
        _print(line)
    _exit(summary["exit_code"])


def _print(line: str, *, style: str = "", stderr: bool = False) -> None:
    console = Console(stderr=stderr, soft_wrap=True, highlight=False)
    console.print(line, style=style, markup=False)


def _fail(lines: list[str]) -> NoReturn:
    for line in lines:
        _print(line, style="bold red", stderr=True)
    _exit(_EXIT_FAILED)


def _exit(code: int) -> NoReturn:
    """Write the record of a run, if anything has run, and exit."""
    RECORDER.write(Path.cwd(), code)
    sys.exit(code)
