"""Results are data: one row per check, and every failing row with its cell."""

from decimal import Decimal

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.quality.check import (
    OWN_PLACES,
    EngineResult,
    build_check_failure,
    build_check_result,
)

CASES = ("online_cases", "annual_cases")


@pytest.fixture
def frames(dictionary):
    answers = [
        {
            "row_id": f"a/{field}",
            "period": "FY2022Q3",
            "department_code": "1203",
            "table_name": "procedure",
            "record_id": "a",
            "field": field,
            "source_file": "FY2022Q3/1203.xlsx",
            "file_sha256": "0" * 64,
            "sheet": "手続",
            "cell": cell,
            "raw_text": "窓口の見本花子",
        }
        for field, cell in (("online_cases", "J5"), ("annual_cases", "I5"), ("fee", "K5"))
    ]
    finding = {"row_id": "f", "source_file": "FY2022Q3/1204.xlsx", "sheet": "研修", "cell": "B2"}
    rows = {"answer": answers, "finding": [finding]}
    return {name: build_frame(dictionary[name], rows.get(name, [])) for name in OWN_PLACES}


def outcome(rule_id, table, *failing, subject="", checked=100, fields=()):
    return EngineResult((rule_id, table, subject), checked, failing, fields)


class TestResult:
    @pytest.fixture
    def build(self, quality_rules, dictionary):
        def make(*outcomes):
            table = dictionary["check_result"]
            return read_rows(build_check_result(quality_rules.words, outcomes, table))

        return make

    def test_counts_and_words_of_the_rule(self, build):
        (row,) = build(outcome("Q203", "procedure", "a", "b"))
        assert row["row_id"] == "Q203/procedure/-"
        assert row["subject"] == "-"
        assert (row["rows_checked"], row["rows_failed"]) == (100, 2)
        assert row["share_failed"] == Decimal("0.02")
        assert (row["severity"], row["characteristic"]) == ("error", "accuracy")
        assert row["passed"] is False

    @pytest.mark.parametrize(("failing", "passed"), [(5, True), (6, False)])
    def test_a_share_may_fail(self, build, failing, passed):
        ids = [str(number) for number in range(failing)]
        (row,) = build(outcome("Q201", "procedure", *ids))
        assert row["may_fail"] == Decimal("0.05")
        assert row["passed"] is passed

    def test_one_row_in_a_million_is_not_rounded_away(self, build):
        (row,) = build(outcome("Q203", "procedure", "a", checked=1_000_000))
        assert row["share_failed"] == 0
        assert row["passed"] is False

    def test_nothing_to_check_is_neither_passed_nor_failed(self, build):
        (row,) = build(outcome("Q203", "procedure", checked=0))
        assert row["passed"] is None
        assert row["share_failed"] is None

    def test_rows_that_share_an_id_are_as_many_rows(self, build):
        (row,) = build(outcome("Q101", "procedure", "a", "a", subject="row_id"))
        assert row["rows_failed"] == 2

    def test_what_earlier_publications_decide_is_marked(self, build):
        found = {
            row["row_id"]: row["depends_on"]
            for row in build(
                outcome("Q203", "procedure"),
                outcome("Q310", "indicator_value"),
                outcome("Q501", "indicator_value"),
                outcome("Q101", "publication"),
                outcome("Q102", "check_failure", subject="rule_id"),
            )
        }
        assert [key for key, of in found.items() if of == "data"] == [
            "Q203/procedure/-",
            "Q310/indicator_value/-",
        ]
        assert set(found.values()) == {"data", "record"}

    def test_subjects_have_rows_of_their_own(self, build):
        rows = build(
            outcome("Q401", "indicator_progress", "a", subject="x"),
            outcome("Q401", "indicator_progress", subject="y"),
        )
        assert [(row["subject"], row["passed"]) for row in rows] == [("x", False), ("y", True)]


class TestFailure:
    @pytest.fixture
    def build(self, dictionary, frames):
        def make(*outcomes):
            return build_check_failure(outcomes, frames, dictionary["check_failure"])

        return make

    def test_leads_back_to_file_sheet_and_cell_of_each_field(self, build):
        rows = read_rows(build(outcome("Q203", "procedure", "a", fields=CASES)))
        cells = {row["field"]: row["cell"] for row in rows}
        assert cells == {"online_cases": "J5", "annual_cases": "I5"}
        assert {row["source_file"] for row in rows} == {"FY2022Q3/1203.xlsx"}
        assert {row["sheet"] for row in rows} == {"手続"}
        assert {row["department_code"] for row in rows} == {"1203"}

    def test_what_stands_in_a_cell_is_left_out(self, build):
        frame = build(outcome("Q203", "procedure", "a", fields=CASES))
        assert not frame.astype(str).apply(lambda c: c.str.contains("花子")).any().any()

    def test_derived_rules_look_at_their_own_field(self, build):
        (row,) = read_rows(build(outcome("Q103", "procedure", "a", subject="fee", fields=("fee",))))
        assert (row["field"], row["cell"]) == ("fee", "K5")

    def test_an_answer_is_its_own_cell(self, build):
        (row,) = read_rows(build(outcome("Q224", "answer", "a/fee")))
        assert (row["sheet"], row["cell"]) == ("手続", "K5")

    def test_a_finding_knows_its_place(self, build):
        (row,) = read_rows(build(outcome("Q322", "finding", "f")))
        assert (row["source_file"], row["cell"]) == ("FY2022Q3/1204.xlsx", "B2")

    def test_a_row_without_cells_stays(self, build):
        (row,) = read_rows(
            build(outcome("Q308", "indicator_value", "x", subject="x", fields=("value",)))
        )
        assert (row["record_id"], row["field"], row["cell"]) == ("x", "value", None)

    def test_row_ids_are_unique_and_the_same_each_time(self, build):
        outcomes = (
            outcome("Q203", "procedure", "a", "b", fields=CASES),
            outcome("Q206", "procedure", "a"),
        )
        frame = build(*outcomes)
        assert frame["row_id"].is_unique
        pd.testing.assert_frame_equal(frame, build(*outcomes))
