"""What an analyst would write by hand with pandas to get the same values for many municipalities.

Every indicator is a filter and a groupby of its own. Nothing says which cells a figure rests on,
who was asked, or whether the figure is enough.
"""

from collections.abc import Mapping
from math import floor

import pandas as pd

FIRST_DAY, LAST_DAY = pd.Timestamp("2022-04-01").date(), pd.Timestamp("2022-12-31").date()


def compute_by_hand(
    tables: Mapping[str, pd.DataFrame], period: str
) -> dict[tuple[str, str], float]:
    """Return the values of FY2022Q3 by indicator and municipality."""
    now = {
        name: frame[frame["period"] == period]
        for name, frame in tables.items()
        if name not in {"answer", "document_approval"}
    }
    found = {
        **_count_done(now),
        **_count_events(now),
        "mynumber_card_rate": _share(now["mynumber_card"], "cards", "population", 1),
        "security_training_rate": _share(
            now["security_training"], "trainees", "trainees_expected", 0
        ),
        "electronic_approval_rate": _share_approvals(tables["document_approval"]),
    }
    return {
        (name, code): float(value)
        for name, values in found.items()
        for code, value in values.items()
    }


def _count_done(now: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    procedure, consultation = now["procedure"], now["consultation"]
    online = procedure[
        (procedure["online_status"] == "済") & (procedure["online_started_on"] <= LAST_DAY)
    ]
    either = (online["dx_plan_target"] == "該当") | (online["priority_target"] == "該当")
    cashless = procedure[
        (procedure["cashless_status"] == "済") & (procedure["cashless_started_on"] <= LAST_DAY)
    ]
    held = consultation[
        (consultation["consultation_status"] == "実施")
        & (consultation["consultation_started_on"] <= LAST_DAY)
    ]
    published = now["open_dataset"][now["open_dataset"]["file_status"] == "配信中"]
    return {
        "online_procedures_dx": _size(online[online["dx_plan_target"] == "該当"]),
        "online_procedures_priority": _size(online[either]),
        "cashless_procedures": _size(cashless),
        "online_consultations": _size(held),
        "open_datasets": published.groupby("municipality_code")["dataset_id"].nunique(),
    }


def _count_events(now: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    training, incident = now["training"], now["security_incident"]
    keys = ["municipality_code", "department_code"]
    held = training[(training["held_on"] >= FIRST_DAY) & (training["held_on"] <= LAST_DAY)]
    serious = incident[
        (incident["serious"] == "該当")
        & (incident["occurred_on"] >= FIRST_DAY)
        & (incident["occurred_on"] <= LAST_DAY)
    ]
    return {
        "staff_trainings": _size(held.drop_duplicates([*keys, "training_name", "held_on"])),
        "serious_incidents": _size(serious.drop_duplicates([*keys, "occurred_on"])),
    }


def _share_approvals(document_approval: pd.DataFrame) -> pd.Series:
    year = document_approval[document_approval["month"].between("2021-04", "2022-03")]
    newest = year.sort_values("period").drop_duplicates(
        ["municipality_code", "department_code", "month"], keep="last"
    )
    return _share(
        newest.assign(countable=newest["drafts"] - newest["exempt"]),
        "electronic_approvals",
        "countable",
        1,
    )


def _size(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("municipality_code").size()


def _share(rows: pd.DataFrame, part: str, whole: str, decimals: int) -> pd.Series:
    sums = rows.dropna(subset=[part, whole]).groupby("municipality_code")[[part, whole]].sum()
    pairs = sums[sums[whole] > 0].astype(int)
    scale = 10**decimals
    # Whole numbers, because the rounding of floats is not half up.
    return pairs.apply(
        lambda row: floor((200 * scale * row[part] + row[whole]) / (2 * row[whole])) / scale, axis=1
    )
