"""What the tables of central files look like that have no row or heading for everything.

The days of a ministry's table stand only in its headings or title. An office that has its open data
list in a CKAN saves the answer of ``package_search?fq=organization:<name>&rows=1000`` as a file;
nothing is fetched here.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.layout import FoundTable, cell_address, find_heading
from sumida_data.survey.reading.reader import Answer
from sumida_data.survey.reading.text import Reading, find_date, raw_text_of
from sumida_data.survey.reading.workbook import CellValue, Sheet, Workbook

_PUBLISHED = re.compile("公表|掲載|作成|発行")
_AS_OF = re.compile("時点|現在|末")
_JAPAN = timezone(timedelta(hours=9))
_HEADINGS = (
    "データセット_ID",
    "データセット_タイトル",
    "データセット_公開日",
    "ファイル_ID",
    "ファイル_タイトル",
    "ファイル_形式",
    "ファイル_ライセンス",
    "ファイル_ステータス",
    "ファイル_最終更新日",
    "組織",
)


class HeadingDateError(ValueError):
    """A day that is impossible or not there, and the cell in which it stands or ought to."""

    def __init__(self, cell: str, text: str) -> None:
        super().__init__(text)
        self.cell = cell
        self.text = text


def read_heading_dates(source: CentralSource, sheet: Sheet, table: FoundTable) -> list[Answer]:
    """Return the days as answers that every row of the table shares.

    Raises:
        HeadingDateError: If a day is impossible, or missing in the heading and in the title.
    """
    answers: dict[str, Answer] = {}
    for column, name in source.heading_dates.items():
        if column in table.columns and name not in answers:
            answers[name] = _read_date(source, sheet, table, column)
    return list(answers.values())


def _read_date(source: CentralSource, sheet: Sheet, table: FoundTable, column: str) -> Answer:
    heading = find_heading(sheet, table, column)
    cell, text = cell_address(heading.row, heading.column), raw_text_of(heading.value)
    day, name = _find_date(cell, text), source.heading_dates[column]
    if day is None and name == source.title_date:
        titles = list(_find_title_dates(sheet, table))
        if len({found for *_, found in titles}) == 1:
            cell, text, day = titles[0]
    if day is None:
        raise HeadingDateError(cell, text)
    return Answer(
        name, sheet.name, cell, text, Reading(day.isoformat(), "answered", "heading_date")
    )


def _find_title_dates(sheet: Sheet, table: FoundTable) -> Iterator[tuple[str, str, date]]:
    headed = set(table.columns.values())
    for number, row in enumerate(sheet.rows[: table.header_row]):
        for column, value in enumerate(row):
            text = raw_text_of(value)
            # The rows just above may be headings of several lines, with days of their own.
            if number > table.header_row - 3 and column in headed and column != min(headed):
                continue
            if not isinstance(value, str) or _names_another_day(text):
                continue
            cell = cell_address(number, column)
            if text and (day := _find_date(cell, text)):
                yield cell, text, day


def _names_another_day(text: str) -> bool:
    """Tell whether a line above the table says when it was published, not what it stands for."""
    return _PUBLISHED.search(text) is not None and _AS_OF.search(text) is None


def _find_date(cell: str, text: str) -> date | None:
    try:
        return find_date(text)
    except ValueError as error:
        raise HeadingDateError(cell, text) from error


def read_package_search(content: bytes) -> Workbook:
    """Return one row per resource, under the headings of the national open data list.

    A cell's address is that of this table. A dataset without a resource has no row, as in the list.

    Raises:
        UnusableFileError: If the file is no successful answer of ``package_search``, or only the
            first of several pages.
    """
    try:
        answer = json.loads(content)
        result = answer["result"] if answer["success"] else {}
        count, packages = result["count"], result["results"]
        rows = [row for package in packages for row in _list_resources(package)]
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableFileError(Kind.NOT_READABLE, str(error)) from error
    # CKAN answers with ten datasets unless asked for more.
    if count != len(packages):
        raise UnusableFileError(Kind.PARTIAL_ANSWER, f"{len(packages)} of {count}")
    return Workbook([Sheet("package_search", [list(_HEADINGS), *rows])])


def _list_resources(package: dict[str, Any]) -> Iterator[list[CellValue]]:
    published = package["state"] == "active" and not package["private"]
    # A catalogue that has moved is younger than its files.
    days = sorted(filter(None, map(_day_of, _list_times(package))))
    for resource in package["resources"]:
        active = published and resource["state"] == "active"
        changed = resource.get("last_modified") or resource.get("created")
        texts = (
            package["name"],
            package["title"],
            days[0] if days else "",
            resource["id"],
            resource.get("name"),
            resource.get("format"),
            package.get("license_title"),
            "配信中" if active else "配信停止中",
            _day_of(changed),
            (package.get("organization") or {}).get("title"),
        )
        yield [text or "" for text in texts]


def _list_times(package: dict[str, Any]) -> Iterator[str | None]:
    yield package["metadata_created"]
    yield from (one.get("created") for one in package["resources"])


def _day_of(timestamp: str | None) -> str:
    """Return the day in Japan; CKAN keeps its times in UTC and says nothing of it."""
    try:
        moment = datetime.fromisoformat(timestamp or "")
        if len(timestamp or "") > len("2022-12-28"):
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(_JAPAN)
    except (ValueError, OverflowError, TypeError):
        return str(timestamp or "")
    return moment.date().isoformat()
