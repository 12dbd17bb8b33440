from collections.abc import Callable
from io import StringIO
from typing import Any

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.catalogue.office import PROPOSAL

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, Quota
from sumida_data.base.periods import Period
from sumida_data.catalogue.approval import Proposal
from sumida_data.catalogue.record import PublicationLine
from sumida_data.catalogue.target import TargetChange
from sumida_data.packages.models import Packages
from sumida_data.privacy.gate import count_void_releases, list_stopped
from sumida_data.quality.overview import count_checks
from sumida_data.report.content import ProgressReport, SetAside, measure_gaps
from sumida_data.report.summary import RunSummary, render_summary

Row = dict[str, Any]
Summarise = Callable[..., RunSummary]
PRODUCTS = {"進捗レポート": "data/08_reporting/FY2022Q3/progress_report.html"}
USELESS = {
    "row_id": "useless",
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "response_status": "set_aside",
    "source_file": "FY2022Q3/[red]謎.xlsx",
    "answers": 0,
    "rows_set_aside": 0,
    "sample": False,
}


@pytest.fixture
def summarise(
    make_frames: Callable[..., dict[str, pd.DataFrame]],
    make_report: Callable[..., ProgressReport],
    quota: Quota,
    packages: Packages,
    dictionary: DataDictionary,
    value_rows: list[Row],
    response_rows: list[Row],
) -> Summarise:
    """Return a function that summarises a run with more or other rows."""

    def make(
        more: list[Row] | None = None,
        findings: list[Row] | None = None,
        values: list[Row] | None = None,
        responses: list[Row] | None = None,
        proposal: Proposal = PROPOSAL,
        checks: list[Row] | None = None,
        privacy: list[Row] | None = None,
        readability: str = "",
        cut_off: PublicationLine | None = None,
        inquiry: str = "",
    ) -> RunSummary:
        answers = response_rows if responses is None else responses
        frames = make_frames(values or value_rows, [*answers, *(more or [])], findings or [])
        report = make_report(frames)
        gaps = tuple(measure_gaps(quota, report.period, frames["response"]))
        proposal = proposal.model_copy(update={"gaps": gaps})
        gate = build_frame(dictionary["privacy_check"], privacy or [])
        return RunSummary(
            report=report,
            proposal=proposal,
            cut_off=cut_off,
            inquiry=inquiry,
            products=PRODUCTS,
            readability=readability,
            checks=count_checks(checks or []),
            blocked=list_stopped(packages, gate, "blocked"),
            held_back=list_stopped(packages, gate, "held_back"),
            void_releases=count_void_releases(gate),
        )

    return make


def here(summary: RunSummary) -> SetAside:
    return summary.report.survey.set_aside


def elsewhere(summary: RunSummary) -> SetAside:
    return summary.report.survey.set_aside_elsewhere


def printed(summary: RunSummary, width: int = 100) -> str:
    stream = StringIO()
    Console(file=stream, width=width).print(render_summary(summary))
    return stream.getvalue()


class TestSummary:
    def test_indicator_stands_beside_baseline_target_and_verdict(
        self, summarise: Summarise
    ) -> None:
        text = printed(summarise())
        line = next(one for one in text.splitlines() if "マイナンバーカード普及率" in one)
        assert line.split() == [
            *("マイナンバーカード普及率", "40%", "59.3%", "70%", "2023-01-31", "○", "順調"),
        ]

    def test_counts_responses(self, summarise: Summarise) -> None:
        survey = summarise().report.survey
        assert (survey.total.asked, survey.total.answered, survey.total.no_change) == (4, 3, 1)
        assert survey.missing_sections == ("国保年金課",)
        assert survey.total.rate == "75.0%"

    def test_superseded_return_is_not_counted_twice(
        self, summarise: Summarise, response_rows: list[Row]
    ) -> None:
        older = response_rows[1] | {"row_id": "older", "response_status": "superseded"}
        assert vars(summarise([older]).report.survey) == vars(summarise().report.survey)

    def test_what_is_wrong_in_a_replaced_file_is_done_with(
        self, summarise: Summarise, response_rows: list[Row], make_finding: Callable[..., Row]
    ) -> None:
        older = response_rows[1] | {
            "row_id": "older",
            "response_status": "superseded",
            "source_file": "FY2022Q3/older.xlsx",
            "rows_set_aside": 2,
        }
        finding = make_finding("F301", "error") | {"source_file": "FY2022Q3/older.xlsx"}
        summary = summarise([older], [finding])
        assert (here(summary).findings["error"], here(summary).rows) == (0, 0)
        assert summary.exit_code == 0


class TestExitCode:
    def test_done(self, summarise: Summarise, make_finding: Callable[..., Row]) -> None:
        summary = summarise(findings=[make_finding("F204", "warning")])
        assert summary.exit_code == 0
        assert here(summary).findings["warning"] == 1
        assert summary.closing == "令和4年度第3四半期の11指標を集計しました。"

    def test_return_set_aside(self, summarise: Summarise) -> None:
        summary = summarise([USELESS])
        assert summary.exit_code == 2
        assert here(summary).files == ["FY2022Q3/[red]謎.xlsx"]
        assert summary.closing.endswith("集計から除いたものがあります：調査票1件。")

    def test_row_set_aside(self, summarise: Summarise, response_rows: list[Row]) -> None:
        responses = [response_rows[0] | {"rows_set_aside": 2}, *response_rows[1:]]
        summary = summarise(responses=responses)
        assert summary.exit_code == 2
        assert summary.closing.endswith("集計から除いたものがあります：行2行。")

    def test_finding_without_period(
        self, summarise: Summarise, make_finding: Callable[..., Row]
    ) -> None:
        summary = summarise(findings=[make_finding("F601", "error", None)])
        assert (
            summary.exit_code,
            here(summary).findings["error"],
            elsewhere(summary).findings["error"],
        ) == (2, 1, 0)

    def test_other_period(self, summarise: Summarise, make_finding: Callable[..., Row]) -> None:
        useless = USELESS | {"period": "FY2022Q1"}
        summary = summarise([useless], [make_finding("F301", "error", "FY2022Q1")])
        assert summary.exit_code == 2
        assert not here(summary)
        left_out = elsewhere(summary)
        assert (left_out.findings["error"], len(left_out.files)) == (1, 1)


class TestNextSteps:
    def test_everything_in_order(
        self,
        summarise: Summarise,
        make_value: Callable[..., Row],
        value_rows: list[Row],
        response_rows: list[Row],
    ) -> None:
        better = {"electronic_approval_rate": "90", "standardized_systems": "18"}
        values = [row for row in value_rows if row["indicator_id"] not in better]
        values += [make_value(name, "FY2022Q3", value) for name, value in better.items()]
        summary = summarise(values=values, responses=response_rows[:3])
        assert summary.next_steps == ("進捗レポートを開いて、内容を確かめてください。",)

    def test_what_is_open_is_named(
        self, summarise: Summarise, make_finding: Callable[..., Row]
    ) -> None:
        findings = [make_finding("F301", "error"), make_finding("F204", "warning")]
        assert summarise([USELESS], findings).next_steps == (
            "未回答の1課に回答を催促してください：国保年金課",
            "未回答の課が25.0%で、10.0%を超えています。公開には承認者の確認が必要です。",
            "使えない調査票1件を直してもらってください：FY2022Q3/[red]謎.xlsx",
            "指摘2件を確かめ、課ごとの確認結果を送ってください。",
            "計画線に届かない1指標の見通しを確かめてください：文書管理システム電子決裁率",
            "判定できない1指標の理由を確かめてください：標準化・共通化対応業務",
            "進捗レポートを開いて、内容を確かめてください。",
        )

    def test_long_lists_are_cut(self, summarise: Summarise, response_rows: list[Row]) -> None:
        silent = [
            response_rows[3] | {"department_code": f"13{n:02}", "section": f"{n}課"}
            for n in range(1, 8)
        ]
        step = summarise(responses=silent).next_steps[0]
        assert step == "未回答の7課に回答を催促してください：1課、2課、3課、4課、5課、ほか2件"

    def test_whose_file_cannot_be_used_is_not_asked_to_send_one(
        self, summarise: Summarise, response_rows: list[Row]
    ) -> None:
        file = {"response_status": "set_aside", "source_file": "FY2022Q3/1202.xlsx"}
        steps = summarise(responses=[response_rows[3] | file]).next_steps
        assert not any("催促" in step for step in steps)
        assert any("使えない調査票1件" in step for step in steps)

    def test_gaps_within_the_quota_need_no_acceptance(
        self, summarise: Summarise, response_rows: list[Row]
    ) -> None:
        responses = [row | {"rows": 95, "rows_set_aside": 5} for row in response_rows[:3]]
        assert not [step for step in summarise(responses=responses).next_steps if "承認" in step]

    def test_gaps_are_measured_in_what_counts(
        self,
        quota: Quota,
        make_frames: Callable[..., dict[str, pd.DataFrame]],
        value_rows: list[Row],
        response_rows: list[Row],
    ) -> None:
        frame, period = make_frames(value_rows, response_rows, [])["response"], Period(2022, 3)
        departments, rows = measure_gaps(quota, period, frame)
        assert (departments.missing, departments.total) == (1, 4)
        assert (rows.missing, rows.total) == (0, 30)
        assert next(measure_gaps(quota, period, frame[:0])).total == 0

    def test_too_many_rows_set_aside_need_acceptance(
        self, summarise: Summarise, response_rows: list[Row]
    ) -> None:
        older = response_rows[0] | {"response_status": "superseded", "rows_set_aside": 999}
        responses = [row | {"rows": 94, "rows_set_aside": 6} for row in response_rows[:3]]
        steps = summarise(responses=[*responses, older]).next_steps
        assert (
            "集計から除いた行が6.0%で、5.0%を超えています。公開には承認者の確認が必要です。"
            in steps
        )

    def test_a_later_quarter_needs_acceptance_of_its_gaps_too(
        self,
        make_frames: Callable[..., dict[str, pd.DataFrame]],
        make_report: Callable[..., ProgressReport],
        quota: Quota,
        value_rows: list[Row],
        response_rows: list[Row],
    ) -> None:
        report = make_report(make_frames(value_rows, response_rows, []))
        late = response_rows[0] | {"row_id": "late", "period": "FY2022Q4"}
        missing = late | {
            "row_id": "missing",
            "department_code": "9999",
            "response_status": "not_received",
        }
        later = make_frames(value_rows, [*response_rows, late, missing], [])["response"]
        gaps = list(measure_gaps(quota, report.period, later))[2:]
        assert (gaps[0].title, gaps[0].missing, gaps[0].total) == (
            "令和4年度第4四半期の未回答の課",
            1,
            2,
        )
        assert gaps[0].exceeds_quota
        only = later[later["period"] == "FY2022Q3"]
        assert len(list(measure_gaps(quota, report.period, only))) == 2
        # A quarter before the one that is reported counts where its figures change in public.
        [earlier, *_] = measure_gaps(quota, Period(2023, 1), later, {"FY2022Q4"})
        assert earlier == gaps[0]
        assert len(list(measure_gaps(quota, Period(2023, 1), later))) == 2

    def test_sample_is_to_be_replaced(self, summarise: Summarise, value_rows: list[Row]) -> None:
        summary = summarise(values=[row | {"sample": True} for row in value_rows])
        assert summary.report.sample
        assert summary.next_steps[0].startswith("見本データを除き")


class TestRendering:
    @pytest.mark.parametrize(("terminal", "widest"), [(200, 100), (100, 100), (80, 80)])
    def test_shows_everything_within_the_terminal(
        self,
        summarise: Summarise,
        make_finding: Callable[..., Row],
        terminal: int,
        widest: int,
    ) -> None:
        text = printed(summarise([USELESS], [make_finding("F301", "error")]), terminal)
        assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= widest
        for words in ("59.3%", "25手続 (R4)", "◎ 達成", "2023-01-31", "回収率75.0%"):
            assert words in text
        assert PRODUCTS["進捗レポート"] in text

    def test_last_line_says_what_happened(self, summarise: Summarise) -> None:
        summary = summarise([USELESS])
        assert printed(summary).splitlines()[-1].strip() == summary.closing

    def test_file_name_is_no_markup(self, summarise: Summarise) -> None:
        assert "[red]謎.xlsx" in printed(summarise([USELESS]))

    def test_sample_is_stamped(self, summarise: Summarise, value_rows: list[Row]) -> None:
        assert "見本データ" not in printed(summarise())
        summary = summarise(values=[row | {"sample": True} for row in value_rows])
        assert "見本データ：実際の数ではありません。" in printed(summary)


class TestPublishing:
    def test_says_what_publishing_would_change_and_how_to_publish(
        self, summarise: Summarise
    ) -> None:
        changes = (
            TargetChange(action="update", dataset="dx-indicators"),
            TargetChange(action="update", dataset="dx-indicators", file="indicator_value.csv"),
        )
        summary = summarise(proposal=PROPOSAL.model_copy(update={"changes": changes}))
        assert "公開先(folder)での変更：更新 1データセット・1ファイル" in printed(summary)
        assert "sumida-data approve" in summary.next_steps[-1]

    @pytest.mark.parametrize(("target", "option"), [("folder", ""), ("ckan", " --env=ckan")])
    def test_a_publication_that_was_cut_off_comes_first(
        self, summarise: Summarise, target: str, option: str
    ) -> None:
        begun = PublicationLine(
            publication_id="P0001",
            kind="publish",
            target=target,
            published_on="2023-02-01",
            content_of="P0001",
            content_sha256="0" * 64,
            approval_id="A0001",
            datasets=(),
        )
        proposal = PROPOSAL.model_copy(update={"target": target})
        assert summarise(proposal=proposal, cut_off=begun).next_steps[0] == (
            f"公開が途中です。先に kedro run --pipelines=publish{option} をもう一度実行してください。"
        )

    def test_nothing_to_publish_is_no_step(self, summarise: Summarise) -> None:
        summary = summarise()
        assert "公開先(folder)での変更：何もありません" in printed(summary)
        assert not any("approve" in step for step in summary.next_steps)

    def test_lists_published_values_that_wait_for_a_reason(self, summarise: Summarise) -> None:
        pending = ("オンライン化手続数① FY2022Q3：公表した値と違います(値 23→24)。",)
        summary = summarise(proposal=PROPOSAL.model_copy(update={"pending_revisions": pending}))
        assert "値 23→24" in printed(summary)
        assert any("revisions.csv" in step for step in summary.next_steps)


class TestChecks:
    @staticmethod
    def make(*outcomes: tuple[str, bool | None]) -> list[Row]:
        return [{"severity": severity, "passed": passed} for severity, passed in outcomes]

    def test_all_passed(self, summarise: Summarise) -> None:
        summary = summarise(checks=self.make(("error", True), ("warning", True), ("error", None)))
        assert summary.exit_code == 0
        assert "検査3件：不合格なし" in printed(summary)

    def test_a_warning_is_counted_and_changes_no_exit_code(self, summarise: Summarise) -> None:
        summary = summarise(checks=self.make(("warning", False), ("error", True)))
        assert summary.exit_code == 0
        assert "検査2件のうち不合格1件(重いもの0件)：詳しくは「データの検査結果」" in printed(
            summary
        )

    def test_points_of_the_received_files_are_one_line(self, summarise: Summarise) -> None:
        summary = summarise(readability="読み取れる20.9点")
        assert "受け取ったファイルの機械可読性：読み取れる20.9点" in printed(summary)
        assert "機械可読性" not in printed(summarise())

    def test_an_error_is_the_first_thing_to_do(self, summarise: Summarise) -> None:
        summary = summarise(checks=self.make(("error", False), ("warning", False)))
        assert summary.exit_code == 2
        assert "数を信頼できなくなる検査1件が不合格です" in summary.next_steps[0]
        assert "不合格2件(重いもの1件)" in printed(summary)


class TestPrivacy:
    def test_what_the_gate_blocked_comes_before_all_else(
        self, summarise: Summarise, packages: Packages
    ) -> None:
        where = {"table_name": "procedure", "field": "note", "reason": "電話番号がある"}
        blocked = where | {"outcome": "blocked", "cells": 1, "package_name": "online-procedures"}
        void = where | {"outcome": "release_void", "cells": 2}
        summary = summarise(privacy=[blocked, void])
        assert summary.exit_code == 2
        title = next(one.title for one in packages.packages if one.name == "online-procedures")
        assert summary.next_steps[:2] == (
            f"公開を止めた「{title}」を直してください："
            "表 procedure の列 note の1欄に、電話番号がある。",
            "released_texts.csv の2件は、文字が違うか、その欄が見つからないため公開しません。その行を書き直すか消してください。",
        )
        assert summary.closing.endswith("データパッケージ1件の公開を止めました。")
