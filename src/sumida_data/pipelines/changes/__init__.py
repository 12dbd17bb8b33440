"""From the catalogue that would be published to what would change, and the preview."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline

from sumida_data.base.frames import read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.base.quota import Quota
from sumida_data.catalogue.approval import (
    Circumstances,
    Proposal,
    find_new_texts,
    find_unfit,
    propose,
)
from sumida_data.catalogue.history import TargetHistory, describe_figures, hash_lineage
from sumida_data.catalogue.preview import CHANGES_PAGE, gather_catalogue, render_changes
from sumida_data.catalogue.record import RecordState, identify
from sumida_data.catalogue.target import TargetState
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import wire
from sumida_data.privacy.gate import list_blocked, list_held_back
from sumida_data.quality.overview import name_subject
from sumida_data.report.content import ProgressReport
from sumida_data.report.summary import measure_gaps, measure_later_gaps
from sumida_data.report.survey import leave_out_replaced
from sumida_data.site.models import SiteSettings


def list_figure_changes(
    publication_history: list[TargetHistory],
    state: TargetState,
    indicator_value: pd.DataFrame,
    correction_notice: pd.DataFrame,
) -> dict[str, tuple[str, ...]]:
    """Say by heading which figures would change in public, and which revisions were decided."""
    values, notices = (read_rows(one) for one in (indicator_value, correction_notice))
    figures, revised = describe_figures(publication_history, state.name, values, notices)
    return {"公表する数の変わるもの": tuple(figures), "決めた改訂": tuple(revised)}


def compare_with_target(  # noqa: PLR0913, PLR0917  # one argument for each thing to be known
    files: dict[str, bytes],
    packages: Packages,
    state: TargetState,
    report: ProgressReport,
    quota: Quota,
    site: SiteSettings,
    dictionary: DataDictionary,
    record: RecordState,
    free_words: list[Row],
    figure_changes: dict[str, tuple[str, ...]],
    **tables: pd.DataFrame,
) -> Proposal:
    """Say what would change in the public target, and what a person must know to approve it."""
    catalogue = gather_catalogue(files, tuple(one.name for one in packages.packages))
    period = str(report.period)
    response, finding, pending = (
        tables[name] for name in ("response", "finding", "pending_revision")
    )
    blocked = list_blocked(packages, tables["privacy_check"])
    circumstances = Circumstances(
        period=period,
        lineage_sha256=hash_lineage(to_arrow(tables["lineage"])),
        gaps=(
            *measure_gaps(quota, response[response["period"] == period]),
            *measure_later_gaps(quota, report.period, response),
        ),
        findings=Counter(leave_out_replaced(finding, response)["severity"]),
        failed_checks=tuple(
            _describe_failed(
                tables["check_result"],
                dictionary,
                {one.line.indicator.indicator_id: one.line.title.text for one in report.indicators},
            )
        ),
        pending_revisions=tuple(pending["message"].unique()),
        block_reasons={one.name: one.reasons for one in blocked},
        held_back=tuple(
            f"{one.title}：{reason}"
            for one in list_held_back(packages, tables["privacy_check"])
            for reason in one.reasons
        ),
        new_texts=find_new_texts(free_words, record),
        figures=figure_changes,
        problems=tuple(find_unfit(packages, site)),
        ran_by=identify()[0],
        two_people=quota.two_people,
    )
    return propose(catalogue, state, circumstances)


def complete_preview(files: dict[str, bytes], proposal: Proposal) -> dict[str, bytes]:
    """Add to the catalogue the page that shows the office what would change."""
    return files | {CHANGES_PAGE: render_changes(proposal)}


def _describe_failed(
    checks: pd.DataFrame, described: DataDictionary, indicators: Mapping[str, str]
) -> Iterator[str]:
    """Describe the checks that failed, the grave ones first."""
    severities = described.words("check_result.severity")
    failed = [row for row in read_rows(checks) if row["passed"] is False]
    for row in sorted(failed, key=lambda row: row["severity"] != "error"):
        table = described[row["table_name"]]
        subject = name_subject(table, row["subject"], indicators)
        about = f"{table.title}「{subject}」" if subject else table.title
        yield (
            f"【{severities[row['severity']]}】{row['rule_id']} {row['rule_title']}："
            f"{about}、{row['rows_checked']}行のうち"
            f"{row['rows_failed']}行が合わない(所管 {row['owner']})"
        )


def create_pipeline(**_: Any) -> Pipeline:
    """From the catalogue that would be published to what would change, and the preview."""
    tables = ("response", "finding", "pending_revision", "check_result", "privacy_check", "lineage")
    observed = {"state": "observed_target", "report": "report_content", "record": "target_record"}
    files, proposal = "catalogue_files", "publication_proposal"
    nodes = [
        wire(list_figure_changes, "figure_changes", state="observed_target"),
        wire(compare_with_target, proposal, tables, files=files, **observed),
        wire(complete_preview, "preview_catalogue", files=files, proposal=proposal),
    ]
    return Pipeline(nodes, tags="changes")
