"""The ledger of receipts: which contents arrived when, in the order in which they were first seen.

Which return of a department counts follows from it, not from the time stamp of a file, which every
copy may change, nor from a typed date. Only where returns came with one delivery is their order
unknown: then the day of the answer decides, and after it the time stamp, once.
"""

import sys
from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from pathlib import PurePosixPath
from typing import NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.survey.collecting.returns import Return

_WAYS = {".zip": "archive", ".eml": "mail", ".msg": "mail"}


class Receipt(NamedTuple):
    """When contents arrived: with which delivery, as what in all, and on which day."""

    delivery: int
    number: int
    received_on: date


class Ledger:
    """The ledger, to which lines are only added; each is a row of ``receipt``.

    Where the one before was lost, the first delivery has the number 2, by which it stays known.
    """

    def __init__(
        self, known: Iterable[Row] = (), today: date | None = None, *, is_lost: bool = False
    ) -> None:
        """Take its lines so far, and the day for new ones."""
        self.rows, self._today = list(known), today or date.today()
        self._delivery = 1 + max((row["delivery_number"] for row in self.rows), default=is_lost)
        self._receipts: dict[tuple[str, str], Receipt] = {}
        for row in self.rows:
            self._index(row)

    def add(self, returns: Iterable[Return]) -> None:
        """Add what is new in its quarter, as one delivery; a file that is not read is left out."""
        for one in sorted(returns, key=attrgetter("period", "arrived_at", "source_file")):
            if one.file_sha256 and (one.period, one.file_sha256) not in self._receipts:
                around = (
                    folder.suffix.lower() for folder in PurePosixPath(one.source_file).parents
                )
                row = {
                    "receipt_number": len(self.rows) + 1,
                    "delivery_number": self._delivery,
                    "period": one.period,
                    "file_sha256": one.file_sha256,
                    "received_on": self._today,
                    "way": next((_WAYS[end] for end in around if end in _WAYS), "folder"),
                    "source_file": one.source_file,
                }
                self.rows.append(row)
                self._index(row)

    def find(self, returned: Return) -> Receipt:
        """Return when a return arrived; one that cannot be read has just come."""
        unread = Receipt(self._delivery, sys.maxsize, self._today)
        return self._receipts.get((returned.period, returned.file_sha256), unread)

    @property
    def quarters_lost(self) -> list[str]:
        """The quarters for which the order of returns is lost."""
        first = min((row["delivery_number"] for row in self.rows), default=1)
        return sorted({row["period"] for row in self.rows if 1 < row["delivery_number"] == first})

    def _index(self, row: Row) -> None:
        receipt = Receipt(row["delivery_number"], row["receipt_number"], row["received_on"])
        self._receipts[row["period"], row["file_sha256"]] = receipt
