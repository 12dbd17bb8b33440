"""The command ``sumida-data compare``: what is different between two runs, in words.

Compared are two databases as runs have left them: the files that came in, the corrections, the
findings, and the figures with the cells that each rests on.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from sumida_data.base.database import connect
from sumida_data.commands.project import find_project

_SHOWN = 10
_HELP = """2回の集計の違いを、言葉で示します。

AとBは、集計が残したデータベース(sumida.duckdb)か、それのあるプロジェクトのフォルダです。Bを書かなければ、
今のプロジェクトと比べます。届いたファイル、訂正、指摘、指標の値の違いと、値の違いのもとになったセルを示します。
控えのZIPにデータベースは入りません。比べたいときは data/sumida.duckdb を別の名前で残してください。

終了コード：0 違いがない、2 違いがある、1 比べられない。
"""
_FILES = """
    SELECT source_file, file_sha256 FROM response WHERE source_file IS NOT NULL
    UNION SELECT source_file, file_sha256 FROM source_file
"""
_CORRECTIONS = """
    SELECT correction_id || ' ' || period,
        concat(record_key, ' ', field, '：', expected_value, '→', new_value, ' (', state, ')')
    FROM correction
"""
_FINDINGS = "SELECT rule_id, severity, count(*) FROM finding GROUP BY ALL"
_FIGURES = """
    SELECT concat(indicator_title, ' ', period), indicator_id, period,
        value, unit
    FROM indicator_value
    QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id, period)
"""
_CELLS = """
    SELECT indicator_id, period, concat_ws('!', source_file, sheet, cell), value
    FROM lineage
    QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id, period)
"""
_TITLES = {
    "files": "届いたファイル",
    "corrections": "訂正",
    "findings": "指摘の数",
    "figures": "指標の値",
}


@dataclass(frozen=True, slots=True)
class RunState:
    """What a run has left behind, each as words by what it is about.

    Attributes:
        cells: By the key of a figure, the cells that it rests on, with their values.
    """

    files: Mapping[str, str]
    corrections: Mapping[str, str]
    findings: Mapping[str, str]
    figures: Mapping[str, str]
    cells: Mapping[str, Mapping[str, str]]


@click.command(help=_HELP)
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="[B]", required=False)
def compare(first: Path, second: Path | None) -> None:
    """Say how two runs differ; exits with 2 where they do."""
    try:
        before, after = (read_state(one) for one in (first, second or find_project(Path.cwd())))
    except (duckdb.Error, OSError) as error:
        raise click.ClickException(f"データベースを読めません。{error}") from error
    lines = list(describe_differences(before, after))
    for line in lines or ["違いはありません。"]:
        click.echo(line)
    sys.exit(2 if lines else 0)


def read_state(path: Path) -> RunState:
    """Read what a run has left in a database, or in a project."""
    database = path / "data/sumida.duckdb" if path.is_dir() else path
    if not database.is_file():
        raise FileNotFoundError(f"{database} がありません。")
    with connect(database, read_only=True) as opened:

        def ask(query: str) -> list[Any]:
            return opened.execute(query).fetchall()

        figures = ask(_FIGURES)
        cells: dict[tuple[str, str], dict[str, str]] = {}
        for indicator, period, place, value in ask(_CELLS):
            cells.setdefault((indicator, period), {})[place] = _show(value)
        return RunState(
            files={name: _show(sha256) for name, sha256 in ask(_FILES)},
            corrections={name: _show(words) for name, words in ask(_CORRECTIONS)},
            findings={
                f"{rule}({severity})": f"{count}件" for rule, severity, count in ask(_FINDINGS)
            },
            figures={title: f"{_show(value)}{unit}" for title, *_, value, unit in figures},
            cells={title: cells.get((one, period), {}) for title, one, period, *_ in figures},
        )


def describe_differences(before: RunState, after: RunState) -> Iterator[str]:
    """Yield what is new, gone or changed, part by part, and under each figure its cells."""
    for part in (field.name for field in fields(RunState) if field.name in _TITLES):
        old, new = getattr(before, part), getattr(after, part)
        lines = []
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                lines.append(f"  {_describe(part, name, old.get(name), new.get(name))}")
                if part == "figures":
                    lines += _explain(before.cells.get(name, {}), after.cells.get(name, {}))
        if lines:
            yield f"{_TITLES[part]}："
            yield from lines


def _describe(part: str, name: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"新しい　{name}" + (f"　{new}" if part != "files" else "")
    if new is None:
        return f"なくなった　{name}" + (f"　{old}" if part != "files" else "")
    return f"変わった　{name}" + (f"　{old} → {new}" if part != "files" else "")


def _explain(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield the cells because of which a figure is another one."""
    changed = [one for one in sorted({*before, *after}) if before.get(one) != after.get(one)]
    for place in changed[:_SHOWN]:
        old, new = before.get(place, "数えない"), after.get(place, "数えない")
        yield f"    {place}：{old} → {new}"
    if len(changed) > _SHOWN:
        yield f"    ほか{len(changed) - _SHOWN}セル"


def _show(value: Any) -> str:
    if value is None:
        return "なし"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
