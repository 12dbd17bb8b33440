"""Withholding what would give away what is withheld elsewhere.

The comparison of a value with its target holds the value in every part, and so do the verdict and
its reason; a notice of its correction quotes it. A correction names the row that it corrects.
"""

from collections.abc import Mapping

import pandas as pd

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.packages.models import Packages
from sumida_data.privacy.counts import NOTE, STATUS, Withheld

_PROGRESS, _NOTICE, _CORRECTION = "indicator_progress", "correction_notice", "correction"
_MADE_OF_VALUE = (
    "value",
    "gap",
    "progress_ratio",
    "pace_so_far",
    "pace_needed",
    "projected_value",
)
# The value that a notice quotes, and how many revisions before the notice's own it is.
_QUOTED = {"old_value": 1, "new_value": 0}


def withhold_derived(
    frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> tuple[dict[str, pd.DataFrame], list[Withheld]]:
    """Take out of other tables what was made of values that are withheld.

    Args:
        frames: The tables by name, ``indicator_value`` with its withheld values among them; they
            are not changed.
        dictionary: Their descriptions.

    Returns:
        The tables that change, and how many rows of each column.
    """
    values = read_rows(frames["indicator_value"]) if "indicator_value" in frames else []
    withheld = {_identify(row) for row in values if row["value_status"] == STATUS}
    tables: dict[str, pd.DataFrame] = {}
    found = []
    for name, blank in ((_PROGRESS, _blank_progress), (_NOTICE, _blank_notice)):
        rows = read_rows(frames[name]) if withheld and name in frames else []
        if cells := sum(blank(row, withheld) for row in rows):
            tables[name] = build_frame(dictionary[name], rows)
            found.append(Withheld(name, "value", f"{STATUS}_with_it", cells))
    return tables, found


def withhold_rows_corrected(
    frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary, packages: Packages
) -> tuple[dict[str, pd.DataFrame], list[Withheld]]:
    """Take out of table ``correction`` what would name rows that never go out.

    A correction of a table of which only counts go out is left out. Where a package publishes a
    table not at all or only in part, the correction does not say of which row it is.

    Args:
        frames: The tables by name; they are not changed.
        dictionary: Their descriptions.
        packages: What is published.
    """
    whole = {
        resource.table
        for package in packages.packages
        for resource in package.resources
        if not resource.only and resource.rows_of is None
    }
    rows = read_rows(frames[_CORRECTION]) if _CORRECTION in frames else []
    kept = [row for row in rows if not dictionary[row["table_name"]].counts_only]
    named = [row for row in kept if row["record_key"] and row["table_name"] not in whole]
    for row in named:
        row["record_key"] = None
    cells = len(rows) - len(kept) + len(named)
    if not cells:
        return {}, []
    table = build_frame(dictionary[_CORRECTION], kept)
    return {_CORRECTION: table}, [Withheld(_CORRECTION, "record_key", f"{STATUS}_with_it", cells)]


def _blank_progress(row: Row, withheld: set[tuple[str, str, int]]) -> bool:
    if _identify(row) not in withheld:
        return False
    row |= dict.fromkeys(_MADE_OF_VALUE)
    row |= {"verdict": "cannot_say", "agrees": True, "reason": NOTE}
    return True


def _blank_notice(row: Row, withheld: set[tuple[str, str, int]]) -> bool:
    indicator, period, revision = _identify(row)
    quoted = [
        name for name, back in _QUOTED.items() if (indicator, period, revision - back) in withheld
    ]
    row |= dict.fromkeys(quoted)
    return bool(quoted)


def _identify(row: Row) -> tuple[str, str, int]:
    return row["indicator_id"], row["period"], row["revision"]
