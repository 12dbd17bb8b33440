from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.models import Plan
from sumida_data.present.points import IndicatorStatus, list_main_points
from sumida_data.present.words import Language

PHRASES = {
    "計画した進みの{}%にとどまる。": "{}% of the planned progress.",
    "値がないため判定できない。": "No value.",
}


@pytest.fixture
def stand(plan: Plan) -> Any:
    """Return a function that says where an indicator is."""

    def make(
        name: str, value: str | None, before: str | None, verdict: str, reason: str
    ) -> IndicatorStatus:
        rows = [
            {"value": None if one is None else Decimal(one), "as_of": date(2022, 12, 31)}
            for one in (value, before)
        ]
        progress = {"verdict": verdict, "reason": reason}
        return IndicatorStatus(plan.indicator(name), *rows, progress, None)

    return make


@pytest.fixture
def statuses(stand: Any) -> list[IndicatorStatus]:
    return [
        stand(
            "cashless_procedures", "209", "141", "achieved", "目標値に達している。目標値の5.2倍。"
        ),
        stand("electronic_approval_rate", "64.4", None, "behind", "計画した進みの76%にとどまる。"),
        stand("standardized_systems", None, None, "cannot_say", "値がないため判定できない。"),
    ]


def test_tells_what_is_behind_moved_new_and_to_be_doubted(
    dictionary: DataDictionary, statuses: list[IndicatorStatus]
) -> None:
    assert list_main_points(Language("ja", dictionary), statuses) == [
        "指標3のうち、達成1、遅れ1、判定不能1。",
        "遅れ：文書管理システム電子決裁率は令和4(2022)年12月31日現在で64.4%、目標は100%。"
        "計画した進みの76%にとどまる。",
        "前の四半期から動いたもの：キャッシュレス決済手続数 141→209手続。",
        "初めて値が出たもの：文書管理システム電子決裁率。",
        "判定できないもの：標準化・共通化対応業務(値がないため判定できない)。",
        "数え方を確かめる必要があるもの：キャッシュレス決済手続数(目標値の5.2倍)。",
        "まだ確認を受けていない定義：すべての指標。",
    ]


def test_speaks_english_as_far_as_the_phrase_book_goes(
    dictionary: DataDictionary, statuses: list[IndicatorStatus]
) -> None:
    counted, behind, moved, *_ = list_main_points(Language("en", dictionary, PHRASES), statuses)
    assert counted == "Of 3 indicators: Achieved 1, Behind 1, Cannot say 1."
    assert behind == (
        "Behind: Electronic approval rate, 64.4% as of 31 December 2022, target 100%. "
        "76% of the planned progress."
    )
    assert moved.endswith("141→209 procedures.")


def test_what_was_said_stands_with_what_is_behind(
    dictionary: DataDictionary, statuses: list[IndicatorStatus]
) -> None:
    noted = replace(statuses[1], note={"cause": "紙が残る。", "next_step": "様式を改める。"})
    [_, behind, *_] = list_main_points(Language("ja", dictionary), [noted])
    assert behind.endswith("理由：紙が残る。次にすること：様式を改める。")


def test_nothing_judged_makes_no_points(dictionary: DataDictionary) -> None:
    assert list_main_points(Language("ja", dictionary), []) == []


class TestPhrases:
    def test_sentences_are_looked_up_one_by_one_whatever_their_numbers(
        self, dictionary: DataDictionary
    ) -> None:
        language = Language("en", dictionary, PHRASES)
        text = "計画した進みの8%にとどまる。値がないため判定できない。"
        assert language.translate(text) == "8% of the planned progress. No value."
        assert language.show("知らない文。") == '<span lang="ja">知らない文。</span>'
        assert language.show("値がないため判定できない。") == "No value."
        assert language.translate(None) == ""

    def test_japanese_stays(self, dictionary: DataDictionary) -> None:
        language = Language("ja", dictionary, PHRASES)
        assert language.show("値がないため判定できない。") == "値がないため判定できない。"
