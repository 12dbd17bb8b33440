"""The answer of a CKAN's ``package_search`` as an open data list."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.workbook import CellValue, Sheet, Workbook

_JAPAN = timezone(timedelta(hours=9))


def read_package_search(content: bytes) -> Workbook:
    """Return one row per resource, under the headings of the national open data list.

    A cell's address is that of this table. A dataset without a resource has no row, as in the list.
    An UnusableFileError tells of an answer without success, and of the first of several pages.
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


_HEADINGS = (
    "データセット_ID", "データセット_タイトル", "データセット_公開日", "ファイル_ID",
    "ファイル_タイトル", "ファイル_形式", "ファイル_ライセンス", "ファイル_ステータス",
    "ファイル_最終更新日", "組織",
)  # fmt: skip


def _list_resources(package: dict[str, Any]) -> Iterator[list[CellValue]]:
    published = package["state"] == "active" and not package["private"]
    # A catalogue that has moved is younger than its files.
    times = [package["metadata_created"], *(one.get("created") for one in package["resources"])]
    day = min(filter(None, map(_day_of, times)), default="")
    for resource in package["resources"]:
        active = published and resource["state"] == "active"
        texts = (
            package["name"],
            package["title"],
            day,
            resource["id"],
            resource.get("name"),
            resource.get("format"),
            package.get("license_title"),
            "配信中" if active else "配信停止中",
            _day_of(resource.get("last_modified") or resource.get("created")),
            (package.get("organization") or {}).get("title"),
        )
        yield [text or "" for text in texts]


def _day_of(timestamp: str | None) -> str:
    """Return the day in Japan; CKAN keeps its times in UTC and says nothing of it."""
    try:
        moment = datetime.fromisoformat(timestamp or "")
        if len(timestamp or "") > len("2022-12-28"):
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(_JAPAN)
    except (ValueError, OverflowError, TypeError):
        return str(timestamp or "")
    return moment.date().isoformat()
