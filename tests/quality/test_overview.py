"""The results ordered for people, as a page and as a statement."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from sumida_data.base.periods import Period
from sumida_data.quality.overview import count_checks, give_overview, write_statement
from sumida_data.report.papers import render_quality_page


def make_result(rule_id="Q203", table="procedure", *, passed=False, subject="-", **more):
    return {
        "row_id": f"{rule_id}/{table}/{subject}",
        "rule_id": rule_id,
        "rule_title": "うちオンライン件数は年間件数以下である",
        "table_name": table,
        "subject": subject,
        "severity": "error",
        "characteristic": "accuracy",
        "owner": "各課",
        "depends_on": "data",
        "rows_checked": 1663,
        "rows_failed": 0 if passed else 25,
        "share_failed": Decimal("0.015"),
        "may_fail": Decimal(0),
        "passed": passed,
    } | more


def make_failure(number, rule_id="Q203", table="procedure", subject="-", **more):
    return {
        "row_id": str(number),
        "rule_id": rule_id,
        "table_name": table,
        "subject": subject,
        "record_id": f"record {number}",
        "field": "online_cases",
        "period": "FY2022Q3",
        "department_code": "1203",
        "source_file": "FY2022Q3/<b>1203</b>.xlsx",
        "file_sha256": "0" * 64,
        "sheet": "手続",
        "cell": f"J{number}",
    } | more


@pytest.fixture
def overview(quality_rules, dictionary):
    def make(results, failures=()):
        return give_overview(
            quality_rules,
            dictionary,
            results,
            failures,
            {"open_datasets": "オープンデータ公開件数"},
        )

    return make


@pytest.fixture
def page(overview, municipality, dictionary):
    def make(results, failures=(), *, sample=False):
        period = Period.parse("FY2022Q3")
        report = SimpleNamespace(dictionary=dictionary, period=period, sample=sample)
        return render_quality_page(report, municipality, overview(results, failures)).decode()

    return make


def test_checks_are_counted_by_how_they_went():
    tally = count_checks(
        [
            make_result(passed=True),
            make_result(),
            make_result(severity="warning"),
            make_result(severity="warning"),
            make_result(passed=None),
        ]
    )
    assert (tally.passed, tally.failed_errors, tally.failed_warnings, tally.idle) == (1, 1, 2, 1)
    assert (tally.total, tally.failed) == (5, 3)


class TestOverview:
    def test_errors_come_first_and_have_their_own_places(self, overview):
        found = overview(
            [
                make_result(
                    "Q401", "indicator_progress", subject="open_datasets", severity="warning"
                ),
                make_result(),
            ],
            [make_failure(number) for number in range(25)],
        )
        error, warning = found["failed"]
        assert error["result"]["rule_id"] == "Q203"
        assert (error["table"], error["subject"]) == ("行政手続", "")
        assert (len(error["places"]), error["more"]) == (20, 5)
        assert (warning["subject"], warning["places"]) == ("オープンデータ公開件数", [])

    def test_a_column_is_named_by_its_title(self, overview):
        (failed,) = overview([make_result("Q103", subject="fee")])["failed"]
        assert failed["subject"] == "手数料"

    def test_counts_by_characteristic_and_table(self, overview):
        found = overview([make_result(passed=True), make_result("Q101", "answer")])
        assert found["by_characteristic"]["正確性"].total == 2
        assert found["by_table"]["行政手続"].failed == 0
        assert found["by_table"]["回答欄"].failed == 1

    def test_every_rule_is_listed_with_an_example_where_one_row_says_it(
        self, overview, quality_rules
    ):
        listed = {words.rule_id: example for words, _, example in overview([])["rules"]}
        assert set(listed) == set(quality_rules.words)
        assert listed["Q203"] == "うちオンライン件数 301、年間件数 300"
        assert listed["Q103"].startswith("オンライン化に")
        assert listed["Q311"] == ""


class TestPage:
    def test_shows_what_failed_why_and_where(self, page):
        shown = page([make_result()], [make_failure(5)])
        assert "うちオンライン件数は年間件数以下である" in shown
        assert "1663行のうち25行（1.5%、認める割合0.0%）" in shown
        assert "2つの件数を確かめて直す。" in shown
        assert "<td>J5</td>" in shown

    def test_text_from_outside_is_text(self, page):
        shown = page([make_result()], [make_failure(5)])
        assert "&lt;b&gt;1203&lt;/b&gt;.xlsx" in shown
        assert "<b>1203" not in shown

    def test_needs_nothing_from_elsewhere(self, page):
        shown = page([make_result()], [make_failure(5)])
        assert "http" not in shown.replace("http-equiv", "")
        assert "<script" not in shown
        assert "default-src 'none'" in shown

    def test_says_that_nothing_failed(self, page):
        assert "不合格の検査はない。" in page([make_result(passed=True)])

    def test_long_lists_are_cut_and_say_so(self, page):
        shown = page([make_result()], [make_failure(number) for number in range(25)])
        assert "ほか5件" in shown

    def test_sample_is_stamped(self, page):
        assert "【見本データ】" in page([], sample=True)
        assert "見本データ" not in page([])


class TestStatement:
    def test_counts_the_tables_of_the_package_only(self, dictionary):
        results = [
            make_result(passed=True),
            make_result("Q102", passed=None, characteristic="completeness"),
            make_result("Q101", "answer"),
            make_result("Q501", depends_on="record"),
        ]
        text = write_statement({"procedure"}, results, dictionary)
        assert text.startswith("## 品質\n\n公表の前に、1個の表を2件の検査で確かめました")
        assert "合格1件、不合格0件、当てはまる行なし1件" in text
        assert "| 正確性 | 1 | 1 | 0 |" in text
        assert "| 完全性 | 1 | 0 | 0 |" in text
        assert text.endswith("不合格の検査はありません。\n")

    def test_names_what_failed_but_no_cell(self, dictionary):
        text = write_statement({"procedure"}, [make_result()], dictionary)
        assert text.endswith(
            "- 行政手続：「うちオンライン件数は年間件数以下である」に合わないものが、"
            "確かめた1,663行のうち25行あります。\n"
        )
