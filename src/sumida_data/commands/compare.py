"""The command ``sumida-data compare``: what is different between two runs, in words.

Compared are the records of two runs, or two databases as runs have left them. A record names the
files, settings, findings and figures; a database also the cells that each figure rests on.
"""

import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path

import click
import duckdb

from sumida_data.base.database import connect
from sumida_data.commands.project import find_project

_SHOWN = 10
_RUNS, _RECEIVED, _DATABASE = "data/state/runs", "data/01_raw/", "data/sumida.duckdb"
_HELP = """2回の集計の違いを、言葉で示します。

AとBは、実行の記録(data/state/runs の中のファイル)か、集計が残したデータベース(sumida.duckdb)です。
書かなければ、最後の2回の集計を比べます。届いたファイル、設定、訂正、指摘、指標の値の違いを示します。実行の記録では、変わった
ファイルにあるセルを、データベースでは、値の違いのもとになったセルを、前の値と並べて示します。

終了コード：0 違いがない、2 違いがある、1 比べられない。
"""
_PARTS = """
    SELECT 'files', source_file, file_sha256, '' FROM response WHERE source_file IS NOT NULL
    UNION ALL SELECT 'files', source_file, file_sha256, '' FROM source_file
    UNION ALL SELECT 'corrections', correction_id || ' ' || period,
        concat(record_key, ' ', field, '：', expected_value, '→', new_value, ' (', state, ')'), ''
    FROM correction
    UNION ALL SELECT 'findings', concat(rule_id, '(', severity, ')'), count(*)::VARCHAR, '件'
    FROM finding GROUP BY rule_id, severity
    UNION ALL FROM (
        SELECT 'figures', concat(indicator_title, ' ', period), value::VARCHAR, unit
        FROM indicator_value
        QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id, period)
    )
"""
_CELLS = """
    SELECT concat(indicator_title, ' ', period), concat_ws('!', source_file, sheet, cell),
        lineage.value
    FROM lineage JOIN indicator_value USING (municipality_code, indicator_id, period, revision)
    QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id, period)
"""
_TITLES = {
    "files": "届いたファイルと参照表",
    "settings": "設定",
    "corrections": "訂正",
    "findings": "指摘の数",
    "figures": "指標の値",
}

# What a run has left behind: the words of each thing by its part and name; and the values of cells
# by the figure that rests on them and their place, None where these are not known.
_Words = Mapping[tuple[str, str], str]
State = tuple[_Words, _Words | None]


@click.command(help=_HELP)
@click.argument("states", type=click.Path(path_type=Path), metavar="[A B]", nargs=-1)
def compare(states: tuple[Path, ...]) -> None:
    """Say how two runs differ; exits with 2 where they do."""
    try:
        records = sorted((find_project() / _RUNS).glob("*.json"), reverse=True)
        paths = states or tuple(islice(filter(_is_whole, records), 2))[::-1]
        if len(paths) != 2:
            raise click.ClickException("比べるものを2つ書いてください。2回の集計がまだありません。")
        lines = list(describe_differences(*map(read_state, paths)))
    except (duckdb.Error, ValueError, KeyError) as error:
        raise click.ClickException(f"読めません。{error}") from error
    for line in lines or ["違いはありません。"]:
        click.echo(line)
    sys.exit(2 if lines else 0)


def _is_whole(path: Path) -> bool:
    """Whether a record is of a run that computed figures, and not of making forms or publishing."""
    record = json.loads(path.read_bytes())
    return "figures" in record and record.get("pipelines") in (None, ["__default__"])


def read_state(path: Path) -> State:
    """Read the record of a run, a database, or that of the project whose folder is named.

    What is not there is an OSError; what is no such thing a ValueError or KeyError.
    """
    if path.suffix != ".json":
        return _read_database(path / _DATABASE if path.is_dir() else path)
    record = json.loads(path.read_bytes())
    parts = {
        "files": {
            name.removeprefix(_RECEIVED): sha256
            for name, sha256 in record.get("inputs", {}).items()
            if name.startswith(_RECEIVED)
        },
        "settings": record["settings"] | record["locks"] | {"プログラム": record["code_sha256"]},
        "findings": {rule: f"{count}件" for rule, count in record.get("findings", {}).items()},
        "figures": {title: _show(value) for title, value in record.get("figures", {}).items()},
    }
    return {(part, name): one for part, known in parts.items() for name, one in known.items()}, None


def _read_database(database: Path) -> tuple[_Words, _Words]:
    if not database.is_file():
        raise FileNotFoundError(f"{database} がありません。")
    with connect(database, read_only=True) as opened:
        words, cells = (opened.execute(query).fetchall() for query in (_PARTS, _CELLS))
    known = {(part, name): _show(value) + unit for part, name, value, unit in words}
    return known, {(figure, place): _show(value) for figure, place, value in cells}


def _show(value: str | None) -> str:
    """Return a value without the zeros that fill its decimals."""
    if value is None:
        return "なし"
    is_number = re.fullmatch(r"-?\d+\.\d{4}", value)
    return f"{Decimal(value).normalize():f}" if is_number else value


def _list_changed(before: _Words, after: _Words, part: str) -> list[str]:
    """Return the names in a part of which something else is said before and after."""
    keys = sorted({*before, *after})
    return [key[1] for key in keys if key[0] == part and before.get(key) != after.get(key)]


def describe_differences(before: State, after: State) -> Iterator[str]:
    """Yield what is new, gone or changed, part by part, and under each figure its cells."""
    (old, cells_before), (new, cells) = before, after
    if cells is None:
        cells = _find_cells(_list_changed(old, new, "files"))
    for part, heading in _TITLES.items():
        names = _list_changed(old, new, part)
        yield from [f"{heading}："] * bool(names)
        for key in ((part, name) for name in names):
            # Of a file, whose hash says nothing to a reader, only the name.
            values = () if part in {"files", "settings"} else (old.get(key), new.get(key))
            how = "新しい" if key not in old else "変わった" if key in new else "なくなった"
            words = "　".join((key[1], *filter(None, [" → ".join(filter(None, values))])))
            yield f"  {how}　{words}"
            if part == "figures":
                yield from _explain(key[1], cells_before, cells)


def _find_cells(files: Collection[str]) -> _Words:
    """Return the cells of the figures as they are now, as far as they are in changed files."""
    path, changed = find_project() / _DATABASE, {name.partition("/")[2] for name in files}
    cells = _read_database(path)[1] if path.is_file() else {}
    return {key: value for key, value in cells.items() if key[1].split("!")[0] in changed}


def _explain(figure: str, before: _Words | None, after: _Words) -> Iterator[str]:
    """Yield the cells because of which a figure is another one."""
    changed = _list_changed(before or {}, after, figure)
    for key in ((figure, place) for place in changed[:_SHOWN]):
        was = "" if before is None else f"{before.get(key, '数えない')} → "
        yield f"    {key[1]}：{was}{after.get(key, '数えない')}"
    if len(changed) > _SHOWN:
        yield f"    ほか{len(changed) - _SHOWN}セル"
