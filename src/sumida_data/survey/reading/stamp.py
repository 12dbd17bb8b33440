"""The hidden stamp of a form: what it was made for."""

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple, Self

from sumida_data.survey.reading.text import Reading, raw_text_of
from sumida_data.survey.reading.workbook import Workbook

STAMP_SHEET = "様式情報"
# Unlike the labels of the cover sheet, for which the stamp must not be taken.
_LABELS = ("様式の版", "様式の調査期", "様式の課コード", "様式の記入済みの内容")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?\Z", re.ASCII)


class Stamp(NamedTuple):
    """What a form was made for, and the fingerprint of the answers that it was handed out with."""

    version: str
    period: str
    department_code: str
    contents: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The stamp's values by label."""
        return dict(zip(_LABELS, self, strict=True))

    @classmethod
    def read(cls, workbook: Workbook) -> Self | None:
        """Return the stamp of a workbook, or None where it has none."""
        for sheet in workbook.sheets:
            if sheet.name == STAMP_SHEET:
                cells = {raw_text_of(row[0]): raw_text_of(row[1]) for row in sheet.rows if row[1:]}
                return cls(*(cells.get(label, "") for label in _LABELS))
        return None


def fingerprint(records: Iterable[tuple[str, Mapping[str, Reading]]]) -> str:
    """Return what identifies a form's records, each a table and answers, in whatever order."""
    known = []
    for table, readings in records:
        given = [
            (name, status, _NUMBER.sub(lambda one: f"{float(one[0]):.15g}", value or ""))
            for name, (value, status, _) in readings.items()
            if status != "not_answered"
        ]
        known += [(table, sorted(given))] * bool(given)
    return sha256(json.dumps(sorted(known), ensure_ascii=False).encode()).hexdigest()
