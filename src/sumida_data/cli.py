"""Project commands: `kedro run` with plain words for officers, and a summary at the end."""

import errno
import logging
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher
from inspect import signature
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

import click
from kedro.config import MissingConfigException
from kedro.framework.cli import project
from kedro.framework.project import LOGGING, settings
from kedro.framework.project import pipelines as kedro_pipelines
from kedro.framework.startup import ProjectMetadata
from kedro.io import DatasetError
from kedro.pipeline import Pipeline
from kedro.utils import load_obj
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from sumida_data import pipelines
from sumida_data.base.characters import escape_unprintable, name_some
from sumida_data.base.disk import explain_os_error, hold, list_settings
from sumida_data.base.events import write_events
from sumida_data.base.settings_files import SettingsError, read_settings
from sumida_data.runs.records import RECORDER, Changes, LastRun, hash_settings

_BUSY = "ほかの kedro run が実行中です。終わってから、もう一度実行してください。"
# Options with which a user says which nodes run, and how; then just these do.
_OF_KEDRO = (
    *("runner", "runner_params", "tags", "namespaces", "only_missing_outputs", "load_versions"),
    *("node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs"),
)
_UNREADABLE = (
    "このオプションはないか、値が読めません。書き方は docs/reference/commands.ja.md にあります。"
    "設定は --params=名前=値 か --params=名前.項目=値 の形で書きます。"
)
_KEDRO_SAYS = "指定されたとおりには実行できません。Kedroの説明："
_SHOWN = 12
_NAMES = {"code": "プログラム", "locations": "データの場所"}


class _Run(click.Command):
    """Says in Japanese what cannot be understood of its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            param = getattr(error, "param", None)
            name = param.opts[0] if param else getattr(error, "option_name", "--params など")
            _fail([f"{name}: {_UNREADABLE}"])


@click.group(name="sumida_data")
def cli() -> None:
    """Commands of this project."""


@cli.command(name="run", cls=_Run, params=project.run.params, help=project.run.help)
@click.pass_obj
def run(metadata: ProjectMetadata, /, **options: Any) -> None:
    """Check the parameters, run the pipelines, say what came out and what to do next.

    Exits with 0 when done, 2 when done with things set aside, 1 when failed.
    """
    escape_unprintable()
    if Path.cwd() != metadata.project_path:
        # Paths in the catalogue are meant from there; where Kedro was called further below, it has
        # not found how to log.
        os.chdir(metadata.project_path)
        LOGGING.configure(read_settings([Path("conf/logging.yml")]))
    names = _name_pipelines(options)
    _refuse_unknown(names)
    if options["runner"] or options["runner_params"]:
        _refuse_unusable(options["runner"] or "SequentialRunner", options["runner_params"])
    # The whole quarter, run as this project runs it.
    is_whole = set(names) <= {"__default__"} and not any(options[name] for name in _OF_KEDRO)
    changes = _find_changes(metadata.project_path, options) if is_whole else None
    _refuse_mistakes(metadata, options)
    if changes:
        options["runner"] = "sumida_data.runs.runner.ChangesRunner"
        options["runner_params"] = {"changes": changes}
    _report(_run(options, changes), changes)


def _name_pipelines(options: Mapping[str, Any]) -> list[str]:
    return options["pipelines"] or list(filter(None, [options["pipeline"]]))


def _refuse_unknown(names: Iterable[str]) -> None:
    known = ["__default__", *(one.name for one in iter_modules(pipelines.__path__) if one.ispkg)]
    if unknown := _find_unknown("pipelines", names, known):
        _fail(unknown)


def _find_unknown(option: str, given: Iterable[str], known: Collection[str]) -> list[str]:
    """Return a line for each of the names given that is none, with those that are most alike."""
    lines = []
    for name in (one for one in given if one not in known):
        alike = sorted(known, key=lambda one: (-SequenceMatcher(None, name, one).ratio(), one))
        usable = f"使えるのは {name_some(alike, _SHOWN)}です。" if known else "使えません。"
        lines.append(f"--{option.replace('_', '-')}={name}: この名前はありません。{usable}")
    return lines


def _refuse_unusable(runner: str, given: Mapping[str, Any]) -> None:
    usable = "使えるのは SequentialRunner、ThreadRunner です。"
    if runner.endswith("ParallelRunner"):
        # Large values are passed on in memory, which other processes do not see.
        _fail([f"--runner={runner}: 大きな値をメモリで渡すため、使えません。{usable}"])
    try:
        known = signature(load_obj(runner, "kedro.runner")).parameters
    except (ImportError, AttributeError, ValueError):
        _fail([f"--runner={runner}: この名前はありません。{usable}"])
    if unknown := _find_unknown("runner_params", given, known):
        _fail(unknown)


def _find_unknown_parts(options: Mapping[str, Any]) -> list[str]:
    """Return a line for each name by which a part is chosen that the pipelines do not have."""
    made: Pipeline = sum(
        kedro_pipelines[one] for one in _name_pipelines(options) or ["__default__"]
    )
    names, data = [node.name for node in made.nodes], made.datasets()
    known: dict[str, Collection[str]] = {
        **dict.fromkeys(("nodes", "from_nodes", "to_nodes"), names),
        **dict.fromkeys(("from_inputs", "to_outputs"), data),
        "tags": {*chain.from_iterable(node.tags for node in made.nodes)},
        **dict.fromkeys(("namespaces", "load_versions"), ()),
    }
    given = {**options, "nodes": options["node_names"]}
    return [*chain.from_iterable(_find_unknown(one, given[one], known[one]) for one in known)]


def _explain(error: BaseException) -> str:
    """Say what is wrong; of the disk, which Kedro wraps into errors of its own, in plain words."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    # What is not there is reported by who looked for it; without a number it may be a network.
    if cause and cause.errno not in (None, errno.ENOENT):
        return f"{explain_os_error(cause)}もう一度実行してください。"
    if isinstance(cause, FileNotFoundError) and "Failed while loading" in str(error):
        missing = os.path.relpath(cause.filename or str(cause))
        return f"{missing} がまだありません。先に kedro run を、範囲を選ばずに実行してください。"
    if str(error).startswith("Pipeline contains no nodes"):
        return "選ばれた範囲に処理がありません。--from-nodes や --to-nodes などを見直してください。"
    # What else Kedro says is English.
    return f"{_KEDRO_SAYS * str(error).isascii()}{error}"


def _run(options: dict[str, Any], changes: Changes | None) -> dict[str, Any]:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RichHandler):
            handler.addFilter(_put_plainly)
    try:
        with hold(Path("data/.running"), ValueError(_BUSY)), write_events("events.jsonl"):
            outputs: dict[str, Any] = project.run.callback(**options)  # type: ignore[misc]  # click's is optional
    except (ValueError, DatasetError, OSError) as error:
        if changes and changes.this.keys:
            changes.keep_what_is_done()
            _print("もう一度実行すると、ここまでに終わった処理の続きから始まります。")
        # Of names that are not there Kedro reports one kind, in English.
        _fail((str(error).isascii() and _find_unknown_parts(options)) or [_explain(error)])
    return outputs


def _find_changes(folder: Path, options: dict[str, Any]) -> Changes:
    """Return what is known of the last run; show that run and exit if nothing has changed."""
    last, made_of = LastRun.read(folder), hash_settings(folder, options)
    asked = "again" in options["params"]
    if not asked and last.is_still(folder, made_of):
        _print(
            "前回の実行から何も変わっていないので、何もせず、前回の結果を表示します。"
            "全部をやり直すときは --params=again=true を付けてください。"
        )
        Console().print(Text.from_ansi(last.summary))
        sys.exit(last.exit_code)
    return Changes(folder, last, LastRun(made_of), asked=asked)


def _report_changes(changes: Changes) -> None:
    """Say in a line what has changed since the last run, and what of it was used again."""
    if not changes.kept:
        return
    names = [_NAMES.get(one) or re.sub(r"^params:(.+)$", r"\1.yml", one) for one in changes.names]
    _print(
        f"前回から変わったもの：{name_some(names) or 'なし'}。"
        f"関わりのない処理{len(changes.kept)}件はやり直さず、前回の結果を使いました。"
    )


def _put_plainly(record: logging.LogRecord) -> bool:
    """Say in Japanese how a run is resumed, and leave to the log what the last line says anyway."""
    if record.name == "kedro.pipeline.node" or str(record.msg).startswith("No nodes ran"):
        return False
    if advice := re.search(r'--from-nodes "[^"]+"', str(record.msg)):
        # Logged, it would be broken over lines and could not be copied.
        _print(f"途中から続けるには、同じコマンドに次を付けてください。\n{advice[0]}")
    return not advice


def _refuse_mistakes(metadata: ProjectMetadata, options: dict[str, Any]) -> None:
    """Fail with a line for each mistake in the settings, and in what is said instead of them."""
    # Imported here because a run for which nothing has changed needs none of it.
    from sumida_data.parameters import PARAMETERS, find_mistakes  # noqa: PLC0415

    allowed = f"この名前の設定はありません。使えるのは {'、'.join(sorted(PARAMETERS))} です。"
    if unknown := sorted(set(options["params"]) - set(PARAMETERS)):
        _fail([f"--params={name}: {allowed}" for name in unknown])
    source = Path(options["conf_source"] or metadata.project_path / settings.CONF_SOURCE)
    parameters = _read_parameters(source, options["env"], options["params"])
    folder = source / settings.CONFIG_LOADER_ARGS["base_env"] / "parameters"
    if mistakes := list(find_mistakes(parameters, folder)):
        _fail(mistakes)


def _read_parameters(source: Path, env: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings, with what is given instead, or fail with a line for each mistake."""
    if env and not (source / env).is_dir():
        _fail([f"--env={env}: {source.as_posix()} にこの環境がありません。"])
    arguments = {"env": env, "runtime_params": given, **settings.CONFIG_LOADER_ARGS}
    try:
        for name in (arguments["base_env"], env or "local"):
            read_settings(list_settings(source / name, "catalog"))
        return dict(settings.CONFIG_LOADER_CLASS(str(source), **arguments)["parameters"])
    except SettingsError as error:
        _fail(str(error).splitlines())
    except MissingConfigException:
        _fail([f"設定ファイルが {source.as_posix()} にありません。場所を確かめてください。"])
    except OmegaConfBaseException:
        _fail(
            ["--params: 「名前=値」か「名前.項目=値」の形で書いてください(「${…}」は使えません)。"]
        )


def _report(outputs: dict[str, Any], changes: Changes | None) -> None:
    """Say what a run has to say at its end, and exit."""
    if changes:
        _report_changes(changes)
    summary = _find_summary(outputs, changes)
    console = Console(record=True, highlight=False)
    for line in summary["lines"]:
        console.print(line, markup=False, soft_wrap=isinstance(line, str))
    if changes and "summarise" in changes.this.keys:
        # A whole run is remembered for the next.
        shown = console.export_text(styles=True)
        changes.this.summary = changes.last.summary if "summarise" in changes.kept else shown
        changes.this.exit_code = summary["exit_code"]
        changes.this.write(changes.project)
    _exit(summary["exit_code"])


def _find_summary(outputs: dict[str, Any], changes: Changes | None) -> dict[str, Any]:
    """Return what is to be said: where it was not made again, what the last run said holds."""
    if changes and "summarise" in changes.kept:
        lines = [Text.from_ansi(changes.last.summary)]
        return {"lines": lines, "exit_code": changes.last.exit_code}
    # A publication asks the other engines too; its own summary goes before theirs.
    names = sorted(name for name in outputs if name.endswith("_summary"))
    return dict(outputs[names[0]].load()) if names else {"lines": [], "exit_code": 0}


def _print(line: str, *, style: str = "", stderr: bool = False) -> None:
    console = Console(stderr=stderr, soft_wrap=True, highlight=False)
    console.print(line, style=style, markup=False)


def _fail(lines: list[str]) -> NoReturn:
    for line in lines:
        _print(line, style="bold red", stderr=True)
    _exit(1)


def _exit(code: int) -> NoReturn:
    """Write the record of a run, if anything has run, and exit."""
    RECORDER.write(code)
    sys.exit(code)
