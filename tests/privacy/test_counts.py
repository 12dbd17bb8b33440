"""Small counts of people are withheld, and so is what would give them away."""

import random
from datetime import date
from decimal import Decimal

import pytest
from scipy.optimize import linprog

from sumida_data.base.frames import read_rows
from sumida_data.base.periods import Period
from sumida_data.packages.models import Resource
from sumida_data.plan.progress import assess
from sumida_data.privacy.counts import _Ledger
from tests.packages.conftest import CARD_RATE

TRAINING = {
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "as_of": date(2022, 12, 31),
    "sample": False,
    "trainees_expected_status": "answered",
    "trainees_status": "answered",
}


VALUE = CARD_RATE | {
    "row_id": "1",
    "plan_id": "sumida-fy2022",
    "indicator_id": "security_training_rate",
    "indicator_title": "情報セキュリティ研修受講率",
}
CORRECTION = {
    "period": "FY2022Q3",
    "department_code": "1203",
    "record_key": "名前",
    "field": "remarks",
    "reason": "桁の誤り",
    "agreed_by": "税務課長",
    "agreed_on": date(2023, 1, 20),
    "state": "applied",
}
NOTICE = {
    "row_id": "n",
    "indicator_id": "security_training_rate",
    "indicator_title": "情報セキュリティ研修受講率",
    "period": "FY2022Q3",
    "unit": "%",
    **dict.fromkeys(("reason", "scope", "cause", "impact", "response", "decided_by"), "見本"),
    "decided_on": date(2023, 8, 1),
}


def training(**trainees):
    """A row of table ``security_training`` for each department: expected, trained."""
    return [
        TRAINING
        | {
            "row_id": code,
            "department_code": code,
            "trainees_expected": both[0],
            "trainees": both[1],
        }
        for code, both in trainees.items()
    ]


def by_department(**parts):
    """Rows of ``indicator_value_by_department``: of departments ``部_課``, and of divisions."""
    return [
        {
            "row_id": f"security_training_rate/{name}",
            "municipality_code": "131075",
            "plan_id": "sumida-fy2022",
            "indicator_id": "security_training_rate",
            "indicator_title": "情報セキュリティ研修受講率",
            "period": "FY2022Q3",
            "level": "課" if "_" in name else "部",
            "division": name.partition("_")[0],
            "department_code": name.partition("_")[2] or None,
            "section": name.partition("_")[2] or None,
            "value": Decimal(100),
            "numerator": Decimal(count),
            "denominator": Decimal(count),
            "unit": "%",
            "value_status": "measured",
        }
        for name, count in parts.items()
    ]


def shown(guarded, table="security_training", field="trainees", name="row_id"):
    return {row[name]: row[field] for row in read_rows(guarded.frames[table])}


def test_a_count_below_the_size_is_withheld_and_says_so(guard):
    guarded = guard(security_training=training(a=(20, 9), b=(30, 5), c=(30, 10), d=(20, 20)))
    assert shown(guarded) == {"a": None, "b": None, "c": 10, "d": 20}
    assert shown(guarded, field="trainees_status")["a"] == "suppressed"
    assert shown(guarded, field="trainees_status")["c"] == "answered"
    assert shown(guarded, field="trainees_expected") == {"a": 20, "b": 30, "c": 30, "d": 20}


def test_a_real_zero_stays(guard):
    guarded = guard(security_training=training(a=(20, 0), b=(30, 5), c=(30, 6)))
    assert shown(guarded) == {"a": 0, "b": None, "c": None}


def test_one_alone_takes_the_next_smallest_with_it(guard):
    guarded = guard(security_training=training(a=(20, 3), b=(50, 25), c=(30, 11), d=(99, 99)))
    assert shown(guarded) == {"a": None, "b": 25, "c": None, "d": 99}
    assert [(one.outcome, one.cells) for one in guarded.outcomes] == [
        ("suppressed", 1),
        ("suppressed_with_it", 1),
    ]


@pytest.mark.parametrize(
    ("counts", "withheld"),
    [
        # The sum of what is withheld leaves one way only: all 1, all 9, or a small sum.
        ((1, 1, 38), {"1", "2", "3"}),
        ((9, 9, 38), {"1", "2", "3"}),
        ((3, 4, 38), {"1", "2", "3"}),
        ((7, 8, 38), {"1", "2"}),
        ((1, 10, 38, 50), {"1", "2", "3"}),
    ],
)
def test_counts_that_their_sum_would_tell_take_another_with_them(guard, counts, withheld):
    rows = training(**{str(n): (50, count) for n, count in enumerate(counts, start=1)})
    values = shown(guard(security_training=rows))
    assert {code for code, value in values.items() if value is None} == withheld


@pytest.mark.parametrize(
    ("counts", "withheld"), [((9, 9), True), ((1, 1, 9), False), ((9, 8), False), ((9, 10), False)]
)
def test_a_sum_of_which_every_count_is_told_is_withheld(guard, counts, withheld):
    total = Decimal(sum(counts))
    value = VALUE | {"numerator": total, "denominator": total, "value": Decimal(100)}
    guarded = guard(
        indicator_value=[value],
        security_training=training(**{f"d{n}": (one, one) for n, one in enumerate(counts)}),
    )
    rows = read_rows(guarded.frames["indicator_value"])
    assert [row["numerator"] for row in rows] == [None if withheld else total]
    assert [row["value_status"] for row in rows] == ["suppressed" if withheld else "measured"]


def test_what_was_made_of_a_withheld_value_is_withheld(guard, plan):
    value = VALUE | {"numerator": Decimal(6), "denominator": Decimal(20), "value": Decimal(30)}
    revised = value | {"row_id": "2", "revision": 2, "numerator": Decimal(20), "value": 100}
    progress = assess(plan, plan.indicator("security_training_rate"), value)
    notice = NOTICE | {"old_value": Decimal(30), "new_value": Decimal(100), "revision": 2}
    guarded = guard(
        indicator_value=[value, revised], indicator_progress=progress, correction_notice=[notice]
    )
    rows = read_rows(guarded.frames["indicator_progress"])
    assert {row["verdict"] for row in rows} == {"cannot_say"}
    assert {row["reason"] for row in rows} == {"人数が少ないため秘匿とした。"}
    for name in ("value", "gap", "progress_ratio", "pace_so_far", "projected_value"):
        assert {row[name] for row in rows} == {None}
    planned = [row["expected_value"] for row in progress]
    assert [row["expected_value"] for row in rows] == planned
    assert shown(guarded, "correction_notice", "old_value") == {"n": None}
    assert shown(guarded, "correction_notice", "new_value") == {"n": Decimal(100)}
    outcomes = {(one.table_name, one.outcome) for one in guarded.outcomes}
    assert ("indicator_progress", "suppressed_with_it") in outcomes
    assert ("correction_notice", "suppressed_with_it") in outcomes


def test_a_correction_names_no_row_that_does_not_go_out(guard):
    corrections = [
        CORRECTION | {"row_id": table, "table_name": table, "correction_id": table}
        for table in ("procedure", "initiative", "security_incident")
    ]
    guarded = guard(correction=corrections)
    assert shown(guarded, "correction", "record_key", "table_name") == {
        "procedure": "名前",
        # Only what may be published (公開可) goes out, and of incidents only their number.
        "initiative": None,
    }


def test_who_is_left_of_those_asked_is_withheld_too(guard):
    rows = training(a=(34, 33), b=(40, 28), c=(30, 30), d=(60, 45))
    guarded = guard(security_training=rows)
    # One alone would be had by subtraction; that all were trained is a real 0 and hides nobody.
    assert shown(guarded) == {"a": None, "b": None, "c": 30, "d": 45}
    assert shown(guarded, field="trainees_expected") == {"a": 34, "b": 40, "c": 30, "d": 60}


def test_a_small_difference_from_an_earlier_quarter_of_the_year_is_withheld(guard):
    quarters = {
        "FY2022Q1": {"a": (60, 20), "b": (60, 20), "c": (60, 20)},
        "FY2022Q2": {"a": (60, 21), "b": (60, 40), "c": (60, 33)},
        "FY2022Q3": {"a": (60, 21), "b": (60, 40), "c": (60, 33)},
        "FY2023Q1": {"a": (60, 22), "b": (60, 20), "c": (60, 20)},
    }
    rows = [
        row | {"period": period, "row_id": f"{row['row_id']} {period}"}
        for period, counts in quarters.items()
        for row in training(**counts)
    ]
    values = shown(guard(security_training=rows))
    withheld = {name for name, value in values.items() if value is None}
    # What comes after is held against what is shown of before, and each year begins at nothing.
    assert withheld == {"a FY2022Q2", "c FY2022Q2", "a FY2022Q3", "c FY2022Q3"}


class TestSolvingBack:
    """What is shown of all quarters, sums included, leaves small counts open.

    Who tries knows that nobody is trained twice, that counts grow within a year, and all sums.
    """

    codes = tuple(f"d{n}" for n in range(12))
    periods = ("FY2022Q1", "FY2022Q2", "FY2022Q3")

    def invent(self, seed):
        """Yield a row for each department and quarter, and what of it is small."""
        chance = random.Random(seed)
        asked = {code: chance.randint(12, 60) for code in self.codes}
        trained = dict.fromkeys(self.codes, 0)
        for period in self.periods:
            for code in self.codes:
                more = chance.choice((0, 1, 2, 5, 12, 25, 60))
                before, trained[code] = trained[code], min(asked[code], trained[code] + more)
                (row,) = training(**{code: (asked[code], trained[code])})
                is_small = 0 < trained[code] < 10 or 0 < asked[code] - trained[code] < 10
                is_small_since = period != self.periods[0] and 0 < trained[code] - before < 10
                named = row | {"period": period, "row_id": f"{code} {period}"}
                yield named, (is_small, is_small_since)

    def solve(self, table, totals, wanted):
        """Return the least and the most that each wanted sum of counts can be."""
        bounds = [
            (0, row["trainees_expected"]) if row["trainees"] is None else (row["trainees"],) * 2
            for row in table
        ]
        sums = [[float(row["period"] == period) for row in table] for period in totals]
        grows = []
        for number, row in enumerate(table):
            for later, other in enumerate(table):
                next_ = str(Period.parse(row["period"]).next)
                if (other["department_code"], other["period"]) == (row["department_code"], next_):
                    line = [0.0] * len(table)
                    line[number], line[later] = 1.0, -1.0
                    grows.append(line)
        known = {"A_eq": sums, "b_eq": [*totals.values()]} if totals else {}
        for one in wanted:
            line = [float(one.get(row["row_id"], 0)) for row in table]
            yield tuple(
                sign
                * linprog(
                    [sign * n for n in line], grows, [0.0] * len(grows), bounds=bounds, **known
                ).fun
                for sign in (1, -1)
            )

    @pytest.mark.parametrize("seed", range(8))
    def test_leaves_every_small_count_open(self, guard, seed):
        rows, small = zip(*self.invent(seed), strict=True)
        sums = {
            period: Decimal(sum(row["trainees"] for row in rows if row["period"] == period))
            for period in self.periods
        }
        asked = Decimal(sum(row["trainees_expected"] for row in rows) // len(self.periods))
        values = [
            VALUE
            | {"row_id": period, "period": period, "value": Decimal(50)}
            | {"numerator": total, "denominator": asked}
            for period, total in sums.items()
        ]
        frames = guard(security_training=rows, indicator_value=values).frames
        public = {row["period"] for row in read_rows(frames["indicator_value"]) if row["numerator"]}
        known = {period: float(total) for period, total in sums.items() if period in public}
        wanted = []
        for row, (is_small, is_small_since) in zip(rows, small, strict=True):
            before = f"{row['department_code']} {Period.parse(row['period']).previous}"
            wanted += [{row["row_id"]: 1}] * is_small
            wanted += [{row["row_id"]: 1, before: -1}] * is_small_since
        assert len(wanted) > 5
        found = self.solve(read_rows(frames["security_training"]), known, wanted)
        for one, (least, most) in zip(wanted, found, strict=True):
            assert most - least >= 2, one


def test_quarters_have_sums_of_their_own(guard):
    later = [row | {"period": "FY2022Q4"} for row in training(a=(50, 3), b=(50, 25))]
    rows = training(a=(50, 19), b=(50, 25))
    guarded = guard(
        security_training=[*rows, *(row | {"row_id": row["row_id"] + "4"} for row in later)]
    )
    assert shown(guarded) == {"a": 19, "b": 25, "a4": None, "b4": None}


def test_the_same_count_is_withheld_in_every_table(guard):
    parts = by_department(X=60, X_1=4, X_2=20, X_3=36, Y=50, Y_4=50)
    rows = training(**{"1": (4, 4), "2": (20, 20), "3": (36, 36), "4": (50, 50)})
    guarded = guard(indicator_value_by_department=parts, security_training=rows)
    table = "indicator_value_by_department"
    assert shown(guarded) == {"1": None, "2": None, "3": 36, "4": 50}
    numerators = shown(guarded, table, "numerator", "row_id")
    withheld = {key.partition("/")[2] for key, value in numerators.items() if value is None}
    assert withheld == {"X_1", "X_2"}
    values = shown(guarded, table, "value", "row_id")
    assert {key.partition("/")[2] for key, value in values.items() if value is None} == withheld
    assert set(shown(guarded, table, "value_status", "row_id").values()) == {
        "measured",
        "suppressed",
    }


def test_a_division_withheld_takes_a_department_with_it(guard):
    parts = by_department(X=4, X_1=4, Y=50, Y_2=20, Y_3=30, Z=90, Z_4=90)
    guarded = guard(indicator_value_by_department=parts)
    numerators = shown(guarded, "indicator_value_by_department", "numerator", "row_id")
    withheld = {key.partition("/")[2] for key, value in numerators.items() if value is None}
    assert withheld == {"X", "X_1", "Y", "Y_2"}


@pytest.mark.parametrize(
    ("effect", "unit", "expected"),
    [
        ("人数", "人", None),
        ("人数", None, None),
        ("人数", "延べ人", None),
        ("割合", "人", None),
        ("時間削減", "時間", Decimal(4)),
    ],
)
def test_the_unit_or_the_kind_of_the_row_decides(guard, effect, unit, expected):
    row = TRAINING | {
        "row_id": "e", "department_code": "1", "initiative_name": "試行", "effect": effect,
        "effect_value": Decimal(4), "effect_unit": unit, "effect_value_status": "answered",
        "annual_cases_status": "not_answered", "minutes_per_case_status": "not_answered",
        "sites_status": "not_answered",
    }  # fmt: skip
    keys = ("trainees_expected_status", "trainees_status")
    row = {key: value for key, value in row.items() if key not in keys}
    guarded = guard(initiative_effect=[row])
    assert shown(guarded, "initiative_effect", "effect_value") == {"e": expected}


def test_the_ward_as_a_whole_says_why_its_value_is_empty(guard):
    row = CARD_RATE | {
        "indicator_id": "security_training_rate",
        "numerator": Decimal(4),
        "denominator": Decimal(4),
        "value": Decimal(100),
    }
    guarded = guard(indicator_value=[row])
    (found,) = read_rows(guarded.frames["indicator_value"])
    assert (found["value"], found["numerator"], found["denominator"]) == (None, None, None)
    assert (found["value_status"], found["note"]) == ("suppressed", "人数が少ないため秘匿とした。")


def test_what_does_not_count_people_is_left_alone(guard):
    rows = [CARD_RATE | {"indicator_id": "open_datasets", "unit": "件", "numerator": Decimal(4)}]
    assert guard(indicator_value=rows).outcomes == []


@pytest.mark.parametrize(
    ("only", "public"),
    [
        ({}, True),
        ({"indicator_id": ("cashless_procedures", "security_training_rate")}, True),
        ({"indicator_id": ("cashless_procedures",)}, False),
    ],
)
def test_sums_of_divisions_tell_people_only_where_such_an_indicator_goes_out(
    dictionary, plans, privacy, only, public
):
    ledger = _Ledger(dictionary, plans.indicators, privacy)
    ledger.note_public_sums([Resource(table="indicator_value_by_department", only=only)])
    assert ledger.sums_of_divisions is public
