"""From the catalogue that would be published to what would change, and the preview."""

from collections.abc import Iterator, Mapping

from sumida_data.base.frames import read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary, Quota
from sumida_data.catalogue import approval
from sumida_data.catalogue.history import TargetHistory, describe_figures, hash_lineage
from sumida_data.catalogue.preview import find_unfit, gather_catalogue, render_changes
from sumida_data.catalogue.record import TargetRecord, identify
from sumida_data.catalogue.target import TargetState
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Contents, Frame, join_nodes, makes
from sumida_data.privacy.gate import list_stopped
from sumida_data.quality.overview import name_subject
from sumida_data.report.content import ProgressReport, measure_gaps
from sumida_data.site.content import SiteSettings

_TABLES = (
    *("response", "pending_revision", "check_result", "privacy_check", "lineage"),
    *("indicator_value", "correction_notice"),
)


@makes("publication_proposal", "preview_catalogue", tables=_TABLES)
def compare_with_target(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    catalogue_files: Contents,
    packages: Packages,
    observed_target: TargetState,
    report_content: ProgressReport,
    quota: Quota,
    site: SiteSettings,
    dictionary: DataDictionary,
    target_record: TargetRecord,
    free_words: approval.FreeWords,
    publication_history: list[TargetHistory],
    **tables: Frame,
) -> tuple[approval.Proposal, Contents]:
    """Say what would change in the public target, and what a person must know to approve it.

    Returned are the proposal, and the catalogue with what shows the office what would change.
    """
    report, survey, checks = report_content, report_content.survey, tables["privacy_check"]
    values, notices = (read_rows(tables[one]) for one in ("indicator_value", "correction_notice"))
    figures, revised = describe_figures(publication_history, observed_target.name, values, notices)
    changed = {one.period for one in figures}
    pending = tables["pending_revision"]
    accepted = pending["pending_state"].eq("accepted")
    titles = {one.indicator.indicator_id: one.title.text for one in report.indicators}
    catalogue = gather_catalogue(catalogue_files, tuple(one.name for one in packages.packages))
    proposal = approval.propose(
        catalogue,
        observed_target,
        period=str(report.period),
        lineage_sha256=hash_lineage(to_arrow(tables["lineage"])),
        gaps=tuple(measure_gaps(quota, report.period, tables["response"], changed)),
        findings=survey.set_aside.findings + survey.set_aside_elsewhere.findings,
        failed_checks=tuple(_describe_failed(tables["check_result"], dictionary, titles)),
        pending_revisions=tuple(pending[~accepted]["message"].unique()),
        block_reasons={one.name: one.reasons for one in list_stopped(packages, checks, "blocked")},
        held_back=tuple(
            f"{one.title}：{reason}"
            for one in list_stopped(packages, checks, "held_back")
            for reason in one.reasons
        ),
        new_texts=approval.find_new_texts(free_words, target_record),
        figures=figures,
        decisions={"決めた改訂": revised, "値の変わらない違い": (*pending[accepted]["message"],)},
        problems=tuple(find_unfit(packages, site)),
        ran_by=identify()[0],
        two_people=quota.two_people,
    )
    return proposal, catalogue_files | render_changes(proposal)


def _describe_failed(
    checks: Frame, described: DataDictionary, indicators: Mapping[str, str]
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


create_pipeline = join_nodes(__name__)
