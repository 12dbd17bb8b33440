"""Recompute every published figure and verdict from the published CSV files alone.

    python recompute.py [folder ...]

It needs Python 3.11 and nothing else. Without folders it reads the files beside itself and those of
the other datasets where they lie as they were published. It says what it found, and ends with 1 if
anything is different from what was published.
"""

import csv
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import log10
from operator import itemgetter
from pathlib import Path

Row = dict[str, str]
Tables = dict[str, list[Row]]
_DAYS_IN_YEAR = 365.25
_key = itemgetter("indicator_id", "period", "revision")
_version = itemgetter("indicator_id", "definition_version")
_KEEP = ("keep_at_least", "keep_at_most")


def read_tables(folders: Iterable[Path]) -> Tables:
    """Read the CSV files in folders; an apostrophe that guards a formula is none of the text."""
    tables: Tables = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.csv"))):
        with path.open(encoding="utf-8-sig", newline="") as file:
            tables[path.stem] = [
                {name: text.removeprefix("'") for name, text in row.items()}
                for row in csv.DictReader(file)
            ]
    return tables


def list_differences(tables: Tables) -> Iterator[tuple[str, str, str, str]]:
    """Yield what was recomputed: what, where, as published, and as it comes out now."""
    indicators = {_version(row): row for row in tables["indicator"]}
    figures = {_key(row): (row, indicators[_version(row)]) for row in tables["indicator_value"]}
    progress = [(row, *figures[_key(row)]) for row in tables["indicator_progress"]]
    yield from _list_figures(load(tables), figures, progress)
    yearly = _find_yearly(tables["indicator_progress"])
    for row, _, indicator in progress:
        from_start = indicator["kind"] == "ratio" and row["indicator_id"] in yearly
        verdict = judge(row, indicator, from_start=from_start)
        yield "判定", " ".join((*_key(row), row["method"])), row["verdict"], verdict


def _find_yearly(progress: list[Row]) -> set[str]:
    """Return what counts from the start of a fiscal year: within one it has a start and no path."""
    with_path = {_key(row) for row in progress if row["expected_value"]}
    judged = [row for row in progress if row["start_value"] and row["target_date"]]
    return {row["indicator_id"] for row in judged if _key(row) not in with_path}


def _list_figures(
    database: sqlite3.Connection,
    figures: dict[tuple[str, ...], tuple[Row, Row]],
    progress: list[tuple[Row, Row, Row]],
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the figures, and the numbers behind the newest of each where their rows are published.

    Where they are not, a figure rests on its own numerator and denominator, which are.
    """
    newest = {key[:2]: key for key in figures}
    first_days = {
        value["plan_id"]: str(date.fromisoformat(row["start_date"]) + timedelta(days=1))
        for row, value, indicator in progress
        if indicator["kind"] == "cumulative" and row["start_date"]
    }
    for key, (row, indicator) in figures.items():
        if row["value"]:
            where, parts = " ".join(key), (row["numerator"], row["denominator"])
            yield "値", where, row["value"], divide(*parts, indicator)
            counted = count(database, indicator, row, first_days.get(row["plan_id"], ""))
            if counted is not None and newest[key[:2]] == key:
                yield "分子と分母", where, plain(*parts), counted


def divide(numerator: str, denominator: str, indicator: Row) -> str:
    """Return the figure, rounded half up; a count is its numerator."""
    value = Decimal(numerator)
    if denominator:
        value = 100 * value / Decimal(denominator)
    places = Decimal(1).scaleb(-int(indicator["decimals"]))
    return plain(str(value.quantize(places, ROUND_HALF_UP)))


def plain(*numbers: str) -> str:
    """Write numbers without zeros at their end, as they are published."""
    return "/".join(f"{Decimal(one).normalize():f}" for one in numbers if one)


def load(tables: Tables) -> sqlite3.Connection:
    """Put the published tables into a database in memory.

    Each row has an id of its own, which begins with the code of its municipality.
    """
    database = sqlite3.connect(":memory:")
    for name, rows in tables.items():
        ids = (f"{row.get('municipality_code')}/{name}/{n}" for n, row in enumerate(rows))
        _create(database, name, [{"row_id": one} | row for one, row in zip(ids, rows, strict=True)])
    return database


def _create(database: sqlite3.Connection, name: str, rows: list[Row]) -> None:
    columns = list(rows[0]) if rows else ["row_id"]
    database.execute(f'DROP TABLE IF EXISTS "{name}"')
    database.execute('CREATE TABLE "{}" ("{}")'.format(name, '", "'.join(columns)))
    blanks = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{name}" VALUES ({blanks})'  # noqa: S608  # a name of our own files
    database.executemany(statement, ([text or None for text in row.values()] for row in rows))


def count(
    database: sqlite3.Connection, indicator: Row, value: Row, plan_first_day: str
) -> str | None:
    """Count the published rows by the published definition.

    Returns:
        Numerator and denominator, or None where the rows, or numbers in them, are not published.
    """
    year, quarter = int(value["period"][2:6]), int(value["period"][7])
    last_day = ("06-30", "09-30", "12-31", "03-31")[quarter - 1]
    facts = {
        "period": value["period"],
        "as_of": f"{year + quarter // 4}-{last_day}",
        "fiscal_year_first_day": f"{year}-04-01",
        "previous_fiscal_year_first_month": f"{year - 1}-04",
        "previous_fiscal_year_last_month": f"{year}-03",
        "plan_first_day": plan_first_day,
    }
    _create(database, "reporting_period", [facts])
    try:
        rows = database.execute(indicator["query"]).fetchall()
    except sqlite3.OperationalError:
        return None
    numbers = [row[1:] for row in rows if row[0].startswith(f"{value['municipality_code']}/")]
    # What would tell of single persons is withheld.
    if any(None in row for row in numbers):
        return None
    sums = [str(sum(Decimal(str(n)) for n in column)) for column in zip(*numbers, strict=True)]
    return plain(*sums) if sums else "0"


def judge(row: Row, indicator: Row, *, from_start: bool) -> str:
    """Return the verdict of a row; ``from_start``: it counts from the start of a fiscal year."""
    if not row["value"] or not row["target_date"]:
        return "cannot_say"
    (low, high), value = _bounds(row), Decimal(row["value"])
    begins, is_due = indicator["kind"] == "flow" or from_start, row["as_of"] >= row["target_date"]
    if low <= value <= high:
        return "kept" if (begins or indicator["goal"] in _KEEP) and not is_due else "achieved"
    within = begins and not row["as_of"].endswith("-03-31")
    # A year that began after the day is judged at its own end.
    began = f"{int(row['as_of'][:4]) - (row['as_of'][5:7] < '04')}-04-01" * within
    is_due &= row["target_date"] >= began
    return "behind" if is_due else _judge_on_the_way(row, indicator, value, within=within)


def _bounds(row: Row) -> tuple[Decimal, Decimal]:
    return Decimal(row["target_min"] or "-Infinity"), Decimal(row["target_max"] or "Infinity")


def _judge_on_the_way(row: Row, indicator: Row, value: Decimal, *, within: bool) -> str:
    """Judge a target that is neither reached nor due, perhaps within a year that is counted."""
    goal, (low, high) = indicator["goal"], _bounds(row)
    # What is over its bound once is so for the rest of the year.
    if (indicator["kind"], goal) == ("flow", "keep_at_most") or (goal in _KEEP and not within):
        return "behind"
    if within or goal == "yes_no" or not row["start_value"]:
        return "cannot_say"
    start = Decimal(row["start_value"])
    # It was reached at the start and is no more, or has been passed by.
    if start >= low > value or start <= high < value:
        return "behind"
    return _judge_path(row, start, Decimal(row["target_value"]), value)


def _judge_path(row: Row, start: Decimal, target: Decimal, value: Decimal) -> str:
    found, way = _follow(row, start, target, value), abs(target - start)
    if found is None:
        return "not_applicable" if row["method"] == "compound_growth" else "cannot_say"
    expected, ratio = found
    allowance = max(way / 20, min(Decimal(1), way / 2))
    if ratio >= 0 and abs(expected - start) >= allowance:
        on_track = ratio >= Decimal(row["on_track_from"])
        near = ratio >= Decimal(row["slightly_behind_from"])
    else:
        lacking = expected - value if target > start else value - expected
        on_track, near = lacking <= 0, lacking < allowance
    return "on_track" if on_track else "slightly_behind" if near else "behind"


def _follow(
    row: Row, start: Decimal, target: Decimal, value: Decimal
) -> tuple[Decimal, Decimal] | None:
    """Return where the path leads by now and the part of it that is done; None if to nowhere."""
    begun, now, due = (
        date.fromisoformat(row[name]) for name in ("start_date", "as_of", "target_date")
    )
    passed, whole = (now - begun).days, (due - begun).days
    if row["method"] == "compound_growth":
        return _grow(float(start), float(target), float(value), passed, whole)
    line = start + (target - start) * max(passed, 0) / whole if whole > 0 else target
    expected = line if row["method"] == "linear" else Decimal(row["expected_value"] or start)
    return None if expected == start else (expected, (value - start) / (expected - start))


def _grow(
    start: float, target: float, value: float, passed: int, whole: int
) -> tuple[Decimal, Decimal] | None:
    """Return what growth at an even rate leads to by now, and growth so far by that required."""
    if min(start, target, value) <= 0 or passed <= 0 or start == target:
        return None
    years, all_years = passed / _DAYS_IN_YEAR, whole / _DAYS_IN_YEAR
    if log10(target / start) > all_years or log10(value / start) > years:
        return None
    required, so_far = (target / start) ** (1 / all_years), (value / start) ** (1 / years)
    if required == 1:
        return None
    return Decimal(repr(start * required**years)), Decimal(repr((so_far - 1) / (required - 1)))


def main(arguments: list[str]) -> int:
    """Recompute what lies in the folders, and say how it compares."""
    here = Path(__file__).resolve().parent
    beside = [*here.parent.glob("*/"), *here.parent.parent.glob(f"*/{here.name}/")]
    tables = read_tables(map(Path, arguments) if arguments else [*beside, here])
    if not {"indicator", "indicator_value", "indicator_progress"} <= tables.keys():
        sys.stdout.write("指標のデータ(indicator_value.csv など)のフォルダも指定してください。\n")
        return 1
    found = list(list_differences(tables))
    different = [one for one in found if one[2] != one[3]]
    for what, where, published, now in different:
        sys.stdout.write(f"{where}：公表した{what}は {published}、計算し直すと {now}\n")
    sys.stdout.write(f"計算し直したもの {len(found)}、公表と違うもの {len(different)}\n")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
