"""Recompute every published figure and verdict from the published CSV files alone.

    python recompute.py [folder ...]

It needs Python 3.11 and nothing else. Without folders it reads the files beside itself and those of
the other datasets where they lie as they were published. It says what it found, and ends with 1 if
anything is different from what was published.
"""

import csv
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import log10
from pathlib import Path

Row = dict[str, str]
Tables = dict[str, list[Row]]
_DAYS_IN_YEAR = 365.25
_KEEP = ("keep_at_least", "keep_at_most")


def read_tables(folders: Iterable[Path]) -> Tables:
    """Read the CSV files in folders; an apostrophe that guards a formula is none of the text."""
    tables: Tables = {}
    for folder in folders:
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                tables[path.stem] = [
                    {name: text.removeprefix("'") for name, text in row.items()}
                    for row in csv.DictReader(file)
                ]
    return tables


def list_differences(tables: Tables) -> Iterator[tuple[str, str, str, str]]:
    """Yield what was recomputed: what, where, as published, and as it comes out now."""
    figures = {_key(row): row for row in tables["indicator_value"]}
    versions = {
        (one["indicator_id"], one["definition_version"]): one for one in tables["indicator"]
    }
    progress = [(row, figures[_key(row)]) for row in tables["indicator_progress"]]
    yield from _list_figures(tables, figures, versions, progress)
    # Within a fiscal year what counts from its start is compared with no path.
    with_path = {_key(row) for row, _ in progress if row["expected_value"]}
    yearly = {row["indicator_id"] for row, _ in progress if _key(row) not in with_path}
    for row, value in progress:
        where = " ".join((*_key(row), row["method"]))
        indicator = versions[_version(value)]
        from_start = indicator["kind"] in ("flow", "ratio") and row["indicator_id"] in yearly
        yield "判定", where, row["verdict"], judge(row, indicator, from_start=from_start)


def _list_figures(
    tables: Tables,
    figures: Mapping[tuple[str, str, str], Row],
    versions: Mapping[tuple[str, str], Row],
    progress: Iterable[tuple[Row, Row]],
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the figures, and the numbers behind the newest of each where their rows are published.

    Where they are not, a figure rests on its own numerator and denominator, which are.
    """
    newest = {(key[0], key[1]): key for key in figures}
    first_days = {
        value["plan_id"]: date.fromisoformat(row["start_date"]) + timedelta(days=1)
        for row, value in progress
        if versions[_version(value)]["kind"] == "cumulative" and row["start_date"]
    }
    database = load(tables)
    for key, row in figures.items():
        if row["value"]:
            where, indicator = " ".join(key), versions[_version(row)]
            yield "値", where, row["value"], divide(row["numerator"], row["denominator"], indicator)
            counted = count(database, indicator, row, first_days.get(row["plan_id"]))
            if counted is not None and newest[key[0], key[1]] == key:
                yield "分子と分母", where, plain(row["numerator"], row["denominator"]), counted


def _key(row: Row) -> tuple[str, str, str]:
    return row["indicator_id"], row["period"], row["revision"]


def _version(row: Row) -> tuple[str, str]:
    return row["indicator_id"], row["definition_version"]


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
    """Put the published tables into a database in memory, each row with an id of its own."""
    database = sqlite3.connect(":memory:")
    for name, rows in tables.items():
        _create(
            database,
            name,
            [{"row_id": f"{name}/{number}"} | row for number, row in enumerate(rows)],
        )
        database.execute(f'CREATE INDEX IF NOT EXISTS "{name}_id" ON "{name}" (row_id)')
    return database


def _create(database: sqlite3.Connection, name: str, rows: list[Row]) -> None:
    columns = list(rows[0]) if rows else ["row_id"]
    database.execute(f'DROP TABLE IF EXISTS "{name}"')
    database.execute('CREATE TABLE "{}" ("{}")'.format(name, '", "'.join(columns)))
    blanks = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{name}" VALUES ({blanks})'  # noqa: S608  # a name of our own files
    database.executemany(statement, ([text or None for text in row.values()] for row in rows))


def count(
    database: sqlite3.Connection, indicator: Row, value: Row, plan_first_day: date | None
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
        "plan_first_day": str(plan_first_day or ""),
    }
    _create(database, "reporting_period", [facts])
    try:
        rows = database.execute(indicator["query"]).fetchall()
    except sqlite3.OperationalError:
        return None
    numbers = [row[1:] for row in rows if _is_of(database, row[0], value["municipality_code"])]
    # What would tell of single persons is withheld.
    if any(None in row for row in numbers):
        return None
    sums = [str(sum(Decimal(str(n)) for n in column)) for column in zip(*numbers, strict=True)]
    return plain(*sums) if sums else "0"


def _is_of(database: sqlite3.Connection, row_id: str, municipality_code: str) -> bool:
    table = row_id.partition("/")[0]
    query = f'SELECT municipality_code FROM "{table}" WHERE row_id = ?'  # noqa: S608  # as above
    [found] = database.execute(query, [row_id]).fetchone()
    return bool(found == municipality_code)


def judge(row: Row, indicator: Row, *, from_start: bool) -> str:
    """Return the verdict of a row of progress, from its parts.

    ``from_start`` says that the indicator counts from the start of the fiscal year.
    """
    if not row["value"] or not row["target_date"]:
        return "cannot_say"
    value, is_due = Decimal(row["value"]), row["as_of"] >= row["target_date"]
    keeps, begins = indicator["goal"] in _KEEP, indicator["kind"] == "flow" or from_start
    if _is_reached(row, value):
        return "kept" if (keeps or begins) and not is_due else "achieved"
    within = begins and not row["as_of"].endswith("-03-31")
    return "behind" if is_due else _judge_on_the_way(row, indicator, value, within=within)


def _judge_on_the_way(row: Row, indicator: Row, value: Decimal, *, within: bool) -> str:
    """Judge a target that is neither reached nor due, perhaps within a year that is counted."""
    goal = indicator["goal"]
    # What is over its bound once is so for the rest of the year.
    is_lost = (indicator["kind"], goal) == ("flow", "keep_at_most")
    if is_lost or (goal in _KEEP and not within):
        return "behind"
    if within or goal == "yes_no" or not row["start_value"]:
        return "cannot_say"
    return _judge_path(row, Decimal(row["start_value"]), value)


def _is_reached(row: Row, value: Decimal) -> bool:
    above = not row["target_min"] or value >= Decimal(row["target_min"])
    return above and (not row["target_max"] or value <= Decimal(row["target_max"]))


def _overshoots(row: Row, start: Decimal, value: Decimal) -> bool:
    if not (row["target_min"] and row["target_max"]):
        return False
    low, high = Decimal(row["target_min"]), Decimal(row["target_max"])
    return (start <= high < value) or (start >= low > value)


def _judge_path(row: Row, start: Decimal, value: Decimal) -> str:
    if _is_reached(row, start) or _overshoots(row, start, value):
        return "behind"
    way = Decimal(row["target_value"]) - start
    found = _follow(row, start, value)
    if isinstance(found, str):
        return found
    expected, ratio = found
    allowance = max(abs(way) / 20, min(Decimal(1), abs(way) / 2))
    lacking = (expected - value) * (1 if way > 0 else -1)
    if ratio >= 0 and abs(expected - start) >= allowance:
        on_track = ratio >= Decimal(row["on_track_from"])
        near = ratio >= Decimal(row["slightly_behind_from"])
    else:
        on_track, near = lacking <= 0, lacking < allowance
    return "on_track" if on_track else "slightly_behind" if near else "behind"


def _follow(row: Row, start: Decimal, value: Decimal) -> tuple[Decimal, Decimal] | str:
    """Return where the path leads by now and the part of it that is done, or a verdict."""
    target, begun = Decimal(row["target_value"]), date.fromisoformat(row["start_date"])
    passed, whole = (
        (date.fromisoformat(row[name]) - begun).days for name in ("as_of", "target_date")
    )
    if row["method"] == "compound_growth":
        grown = _grow(float(start), float(target), float(value), passed, whole)
        return grown or "not_applicable"
    by_line = start + (target - start) * max(passed, 0) / whole if whole else start
    expected = by_line if row["method"] == "linear" else Decimal(row["expected_value"] or start)
    if expected == start:
        return "cannot_say"
    return expected, (value - start) / (expected - start)


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
