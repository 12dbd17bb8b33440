"""Published values are frozen; with a reason, a new revision stands beside the old."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from sumida_data.plan.models import Plans
from sumida_data.plan.revisions import (
    PublishedValues,
    freeze_values,
    freeze_verdicts,
    parse_revisions,
    parse_verdict_changes,
)
from sumida_data.survey.reading.registers import ReferenceTableError

Row = dict[str, Any]
INDICATOR = "online_procedures_dx"
LINEAGE = pa.schema(
    [
        ("municipality_code", pa.string()),
        ("indicator_id", pa.string()),
        ("period", pa.string()),
        ("revision", pa.int64()),
        ("cell", pa.string()),
    ]
)
REASON = {
    "indicator_id": INDICATOR,
    "period": "FY2022Q3",
    "revision": 2,
    "reason": "1手続の回答漏れ",
    "scope": "オンライン化手続数①の令和4年度第3四半期",
    "cause": "介護保険課の回答漏れ",
    "impact": "判定は変わらない",
    "response": "回答を直し、点検表に加えた",
    "decided_by": "ICT推進担当",
    "decided_on": date(2023, 3, 1),
}


class Frozen(NamedTuple):
    values: list[Row]
    lineage: pa.Table
    pending: list[Row]
    notices: list[Row]


NOTHING = PublishedValues((), (), None)
CSV_ROW = {
    "indicator_id": INDICATOR,
    "period": "FY2022Q3",
    "revision": "2",
    "reason": "1手続の回答漏れ",
    "scope": "範囲",
    "cause": "原因",
    "impact": "影響",
    "response": "対応",
    "decided_by": "ICT推進担当",
    "decided_on": "2023-03-01",
}


def value_row(value: str | None, revision: int = 1, **other: Any) -> Row:
    number = None if value is None else Decimal(value)
    row = {
        "row_id": f"131075/{INDICATOR}/FY2022Q3/{revision}",
        "municipality_code": "131075",
        "indicator_id": INDICATOR,
        "indicator_title": "オンライン化手続数①",
        "period": "FY2022Q3",
        "revision": revision,
        "as_of": date(2022, 12, 31),
        "value": number,
        "numerator": number,
        "denominator": None,
        "unit": "手続",
        "value_status": "not_measured" if value is None else "measured",
        "definition_version": "1",
        "departments_asked": 75,
        "departments_answered": 69,
        "note": None,
        "sample": False,
    }
    return row | other


def cells(*rows: tuple[int, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "municipality_code": "131075",
                "indicator_id": INDICATOR,
                "period": "FY2022Q3",
                "revision": revision,
                "cell": cell,
            }
            for revision, cell in rows
        ],
        schema=LINEAGE,
    )


def freeze(
    computed: Row,
    *standing: Row,
    taken_back: tuple[Row, ...] = (),
    reasons: tuple[Row, ...] = (),
    published_cells: pa.Table | None = None,
    accepted: Row | None = None,
) -> Frozen:
    published = PublishedValues(standing, (*standing, *taken_back), published_cells)
    by_address = {(one["indicator_id"], one["period"], one["revision"]): one for one in reasons}
    stays = {(one["indicator_id"], one["period"]): one for one in filter(None, [accepted])}
    return Frozen(*freeze_values([computed], cells((1, "F20")), published, by_address, stays))


def numbers(frozen: Frozen) -> list[tuple[int, Decimal | None]]:
    return [(row["revision"], row["value"]) for row in frozen.values]


class TestFreezing:
    def test_what_was_never_published_is_free(self) -> None:
        frozen = freeze(value_row("23"))
        assert numbers(frozen) == [(1, 23)]
        assert frozen.pending == frozen.notices == []
        assert frozen.lineage.equals(cells((1, "F20")))

    def test_the_same_value_stays_the_same_revision(self) -> None:
        frozen = freeze(value_row("23"), value_row("23.0000"))
        assert numbers(frozen) == [(1, 23)]
        assert frozen.pending == []

    def test_a_kept_value_bears_the_name_of_today(self) -> None:
        published = value_row("23", indicator_title="オンライン化手続数(1)")
        frozen = freeze(value_row("24"), published)
        assert numbers(frozen) == [(1, 23)]
        assert frozen.values[0]["indicator_title"] == "オンライン化手続数①"

    def test_words_may_be_put_better_without_a_revision(self) -> None:
        frozen = freeze(value_row("23", note="新しい注記"), value_row("23"))
        assert frozen.values[0]["note"] == "新しい注記"
        assert frozen.pending == []

    def test_another_value_without_a_reason_waits_and_the_published_one_stays(self) -> None:
        frozen = freeze(
            value_row("24"), value_row("23"), published_cells=cells((1, "F19"), (2, "X1"))
        )
        assert numbers(frozen) == [(1, 23)]
        [pending] = frozen.pending
        assert pending["published_value"] == 23
        assert pending["computed_value"] == 24
        assert pending["differences"] == "値 23→24、分子 23→24"
        assert "改訂番号2の理由" in pending["message"]
        # Its cells are those of the published value, not those of this run.
        assert frozen.lineage.to_pylist() == cells((1, "F19")).to_pylist()

    @pytest.mark.parametrize(
        ("part", "value", "shown"),
        [
            (
                "value_status",
                "carried_forward_in_part",
                "値の状態 measured→carried_forward_in_part",
            ),
            ("as_of", date(2023, 1, 31), "時点 2022-12-31→2023-01-31"),
            ("definition_version", "2", "定義の版 1→2"),
            ("value", None, "値 23→なし"),
        ],
    )
    def test_every_part_of_a_value_is_frozen(self, part: str, value: Any, shown: str) -> None:
        frozen = freeze(value_row("23") | {part: value}, value_row("23"))
        assert [row["differences"] for row in frozen.pending] == [shown]
        assert frozen.values[0][part] == value_row("23")[part]

    def test_a_part_that_was_not_published_is_no_difference(self) -> None:
        published = value_row("23")
        del published["departments_answered"]
        frozen = freeze(value_row("23"), published)
        assert frozen.pending == []
        assert frozen.values[0]["departments_answered"] == 69

    def test_a_withheld_value_keeps_its_figure_and_needs_no_revision(self) -> None:
        withheld = value_row(None, value_status="suppressed")
        frozen = freeze(value_row("23"), withheld)
        assert numbers(frozen) == [(1, 23)]
        assert frozen.pending == []
        moved = freeze(value_row("23", as_of=date(2023, 1, 31)), withheld)
        assert "時点 2022-12-31→2023-01-31" in moved.pending[0]["message"]

    def test_a_late_reply_that_changes_no_figure_is_no_revision(self) -> None:
        frozen = freeze(value_row("23", departments_answered=70), value_row("23"))
        assert numbers(frozen) == [(1, 23)]
        assert frozen.values[0]["departments_answered"] == 70
        assert frozen.pending == []

    def test_a_difference_that_changes_no_value_may_be_accepted(self) -> None:
        published, now = (
            value_row("6", numerator=Decimal(23)),
            value_row("6", numerator=Decimal(24)),
        )
        [waiting] = freeze(now, published).pending
        assert waiting["differences"] == "分子 23→24"
        assert waiting["message"].endswith(
            "値は同じなので、そのままにするときは、accepted_differences.csv の differences に"
            "「分子 23→24」を、理由などとともに書いてください。"
        )
        decided = {"indicator_id": INDICATOR, "period": "FY2022Q3", "differences": "分子 23→24"}
        decided |= {"reason": "端数", "decided_by": "課長", "decided_on": date(2023, 3, 1)}
        frozen = freeze(now, published, accepted=decided)
        [row] = frozen.pending
        assert row["pending_state"] == "accepted"
        assert "値の変わらない違い(分子 23→24)は、そのままに" in row["message"]
        assert "端数　課長、2023-03-01" in row["message"]
        assert [row["numerator"] for row in frozen.values] == [Decimal(23)]
        # What was accepted is this difference, and no other; nor another value.
        [row] = freeze(value_row("6", numerator=Decimal(25)), published, accepted=decided).pending
        assert row["pending_state"] == "differs"
        other = decided | {"differences": "値 23→24"}
        [row] = freeze(value_row("24"), value_row("23"), accepted=other).pending
        assert row["pending_state"] == "differs"
        assert "accepted_differences.csv" not in row["message"]

    def test_missing_then_measured_is_a_difference_too(self) -> None:
        frozen = freeze(value_row("0"), value_row(None))
        assert numbers(frozen) == [(1, None)]
        assert "値 なし→0" in frozen.pending[0]["differences"]

    def test_with_a_reason_the_new_revision_stands_beside_the_old(self) -> None:
        frozen = freeze(
            value_row("24"),
            value_row("23"),
            reasons=(REASON,),
            published_cells=cells((1, "F19")),
        )
        assert numbers(frozen) == [(1, 23), (2, 24)]
        assert frozen.values[1]["row_id"] == f"131075/{INDICATOR}/FY2022Q3/2"
        assert frozen.pending == []
        assert frozen.lineage.to_pylist() == cells((1, "F19"), (2, "F20")).to_pylist()
        [notice] = frozen.notices
        assert (notice["old_value"], notice["new_value"], notice["revision"]) == (23, 24, 2)
        assert (notice["scope"], notice["cause"]) == (REASON["scope"], REASON["cause"])
        assert (notice["impact"], notice["response"]) == (REASON["impact"], REASON["response"])

    def test_a_reason_for_another_revision_does_not_help(self) -> None:
        frozen = freeze(value_row("25"), value_row("23"), value_row("24", 2), reasons=(REASON,))
        assert numbers(frozen) == [(1, 23), (2, 24)]
        assert frozen.pending[0]["next_revision"] == 3
        assert frozen.pending[0]["published_revision"] == 2

    def test_a_reason_without_a_difference_is_told(self) -> None:
        frozen = freeze(value_row("23"), value_row("23"), reasons=(REASON,))
        assert numbers(frozen) == [(1, 23)]
        [told] = frozen.pending
        assert told["message"].startswith(
            "オンライン化手続数① FY2022Q3：revisions.csv に改訂2の理由"
        )

    def test_a_reason_for_a_quarter_that_is_not_there_is_told(self) -> None:
        elsewhere = REASON | {"period": "FY2030Q1"}
        [told] = freeze(value_row("23"), value_row("23"), reasons=(elsewhere,)).pending
        assert (told["period"], told["next_revision"]) == ("FY2030Q1", 2)

    def test_going_back_to_an_older_value_is_a_revision_as_well(self) -> None:
        frozen = freeze(value_row("23"), value_row("23"), value_row("24", 2), reasons=(REASON,))
        assert numbers(frozen) == [(1, 23), (2, 24)]
        assert frozen.pending[0]["next_revision"] == 3

    def test_a_revision_taken_back_comes_again_under_its_number(self) -> None:
        frozen = freeze(
            value_row("24"),
            value_row("23"),
            taken_back=(value_row("24", 2),),
            reasons=(REASON,),
        )
        assert numbers(frozen) == [(1, 23), (2, 24)]

    def test_another_value_does_not_take_the_number_of_one_taken_back(self) -> None:
        frozen = freeze(
            value_row("25"),
            value_row("23"),
            taken_back=(value_row("24", 2),),
            reasons=(REASON,),
        )
        assert frozen.pending[0]["next_revision"] == 3

    def test_a_published_revision_needs_its_reason_for_ever(self) -> None:
        with pytest.raises(ReferenceTableError, match="改訂2の行がありません"):
            freeze(value_row("24"), value_row("23"), value_row("24", 2))

    def test_a_value_that_is_computed_no_longer_stays(self) -> None:
        published = value_row("23") | {"period": "FY2022Q2"}
        frozen = freeze(value_row("24"), published)
        assert [(row["period"], row["value"]) for row in frozen.values] == [
            ("FY2022Q3", 24),
            ("FY2022Q2", 23),
        ]
        assert frozen.pending[0]["period"] == "FY2022Q2"
        assert frozen.pending[0]["pending_state"] == "not_computed"

    def test_a_quarter_that_is_gone_is_told_in_one_sentence(self) -> None:
        gone = value_row("23") | {"period": "FY2022Q2"}
        other = gone | {"indicator_id": "staff_trainings", "indicator_title": "職員研修の実施"}
        frozen = freeze(value_row("24"), gone, other)
        [message] = {row["message"] for row in frozen.pending}
        assert message.startswith("FY2022Q2：使える調査票も")

    def test_a_value_gone_from_a_quarter_that_is_there_is_named(self) -> None:
        gone = value_row("23") | {"indicator_id": "gone", "indicator_title": "なくした指標"}
        frozen = freeze(value_row("24"), gone)
        [message] = (row["message"] for row in frozen.pending)
        assert message.startswith("なくした指標 FY2022Q3：")
        assert "計算されません" in message

    def test_a_reason_under_a_wrong_number_is_told_with_the_difference(self) -> None:
        wrong = REASON | {"revision": 3}
        frozen = freeze(value_row("24"), value_row("23"), reasons=(wrong,))
        [row] = frozen.pending
        assert (row["pending_state"], row["next_revision"]) == ("differs", 2)
        assert row["message"].endswith("(改訂番号3の行は、番号が違うため使いません。)")

    def test_invented_data_do_not_freeze_real_ones(self) -> None:
        frozen = freeze(value_row("24"), value_row("23") | {"sample": True})
        assert numbers(frozen) == [(1, 24)]
        assert frozen.pending == []


class TestReasons:
    def test_reads_a_row(self, plans: Plans) -> None:
        [reason] = parse_revisions([CSV_ROW], plans, NOTHING).values()
        assert (reason["period"], reason["revision"]) == ("FY2022Q3", 2)
        assert reason["decided_on"] == date(2023, 3, 1)
        [same] = parse_revisions([CSV_ROW | {"decided_on": "2023/3/1"}], plans, NOTHING).values()
        assert same == reason

    @pytest.mark.parametrize(
        ("column", "value", "told"),
        [
            ("reason", " ", "reason が空"),
            ("response", "", "response が空"),
            ("indicator_id", "online", "'online' という指標はありません"),
            ("revision", "1", "2以上の整数"),
            ("revision", "二", "2以上の整数"),
            ("period", "2022Q3", "2022Q3"),
            ("decided_on", "3月1日", "の decided_on: '3月1日'"),
        ],
    )
    def test_a_mistake_is_told_with_its_row(
        self, plans: Plans, column: str, value: str, told: str
    ) -> None:
        with pytest.raises(ReferenceTableError, match=told) as caught:
            parse_revisions([CSV_ROW | {column: value}], plans, NOTHING)
        assert str(caught.value).startswith("revisions.csv の2行目")

    def test_a_published_value_may_outlive_its_indicator(self, plans: Plans) -> None:
        gone = value_row("23") | {"indicator_id": "gone"}
        published = PublishedValues((gone,), (gone,), None)
        assert list(parse_revisions([CSV_ROW | {"indicator_id": "gone"}], plans, published)) == [
            ("gone", "FY2022Q3", 2)
        ]

    def test_a_reason_stands_once(self, plans: Plans) -> None:
        with pytest.raises(ReferenceTableError, match=r"3行目: .*2回"):
            parse_revisions([CSV_ROW, CSV_ROW], plans, NOTHING)


JUDGED = {
    "row_id": "131075/x/FY2022Q3/1/linear",
    "municipality_code": "131075",
    "indicator_id": "x",
    "indicator_title": "題①",
    "period": "FY2022Q3",
    "revision": 1,
    "method": "linear",
    "value": Decimal(7),
    "slightly_behind_from": Decimal("0.7"),
    "verdict": "slightly_behind",
    "reason": "7割。",
    "sample": False,
}
SAID = JUDGED | {
    "indicator_title": "題(1)",
    "verdict": "behind",
    "slightly_behind_from": Decimal("0.8"),
    "reason": "8割。",
    "value_status": "given",
}
CHANGE = {
    "indicator_id": "x",
    "period": "FY2022Q3",
    "revision": "1",
    "reason": "境目を誤っていた。",
    "decided_by": "ICT推進担当",
    "decided_on": "2023-03-01",
}
PUBLISHED = PublishedValues((), (), None, (SAID,))


class TestVerdicts:
    """A published verdict stays as it was said, whatever it is judged by now."""

    def test_another_cut_point_is_shown_and_changes_nothing(self) -> None:
        [kept], [pending] = freeze_verdicts([JUDGED], PUBLISHED, {})
        assert (kept["verdict"], kept["slightly_behind_from"]) == ("behind", Decimal("0.8"))
        assert kept["indicator_title"] == "題①"
        assert kept.keys() == JUDGED.keys()
        assert pending["pending_state"] == "verdict_differs"
        assert pending["differences"] == (
            "linear：判定 behind→slightly_behind、やや遅れの境目 0.8→0.7"
        )
        assert "verdict_changes.csv に x の改訂番号1の理由" in pending["message"]

    def test_a_reason_lets_it_change_and_is_said(self, plans: Plans) -> None:
        reasons = parse_verdict_changes([CHANGE], plans, PUBLISHED)
        [kept], pending = freeze_verdicts([JUDGED], PUBLISHED, reasons)
        assert kept["verdict"] == "slightly_behind"
        assert kept["reason"] == "7割。公表した判定を改めた理由：境目を誤っていた。"
        assert pending == []

    def test_what_says_the_same_or_was_not_published_is_as_it_is_now(self) -> None:
        same = JUDGED | {"verdict": "behind", "slightly_behind_from": Decimal("0.8")}
        other = JUDGED | {"period": "FY2022Q4"}
        sample = JUDGED | {"sample": True}
        for row in (same, other, sample):
            assert freeze_verdicts([row], PUBLISHED, {}) == ([row], [])

    def test_other_grounds_are_shown_though_the_verdict_stays(self) -> None:
        grounds = {"start_value": Decimal(6), "target_value": Decimal(25)}
        published = PublishedValues((), (), None, (SAID | grounds,))
        row = SAID | grounds | {"indicator_title": "題①"}
        assert freeze_verdicts([row], published, {}) == ([row], [])
        [kept], [pending] = freeze_verdicts([row | {"start_value": Decimal(7)}], published, {})
        assert kept["start_value"] == 6
        assert pending["differences"] == "linear：起点の値 6→7"
        assert "決めた日を付けて加えてください" in pending["message"]

    def test_what_was_withheld_is_compared_with_nothing(self) -> None:
        withheld = SAID | {"value_status": "suppressed", "verdict": None}
        published = PublishedValues((), (), None, (withheld,))
        assert freeze_verdicts([JUDGED], published, {}) == ([JUDGED], [])

    def test_a_reason_for_what_was_not_published_is_refused(self, plans: Plans) -> None:
        with pytest.raises(ReferenceTableError, match="x FY2022Q3 2 の判定は公表されていません"):
            parse_verdict_changes([CHANGE | {"revision": "2"}], plans, PUBLISHED)
