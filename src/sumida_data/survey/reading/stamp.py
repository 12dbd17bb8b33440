"""The hidden stamp of a form: what it was made for."""

from typing import NamedTuple, Self

from sumida_data.survey.reading.text import raw_text_of
from sumida_data.survey.reading.workbook import Workbook

STAMP_SHEET = "様式情報"


class Stamp(NamedTuple):
    """What a form was made for.

    Attributes:
        version: Version of the form.
        period: The quarter.
        department_code: The department.
    """

    version: str
    period: str
    department_code: str

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


# Unlike the labels of the cover sheet, for which the stamp must not be taken.
_LABELS = ("様式の版", "様式の調査期", "様式の課コード")
