"""From indicator values to the progress report and the summary of the run."""

from typing import Any

from kedro.pipeline import Pipeline

from sumida_data.pipelines.report import nodes
from sumida_data.pipelines.wiring import has_table, wire


def create_pipeline(**_: Any) -> Pipeline:
    """From indicator values to the progress report and the summary of the run."""
    figures = "initiative_effect_figure"
    tables = (
        *("correction", "indicator_value", "indicator_progress", "review_hint", "progress_note"),
        "department",
        *(("initiative", figures) if has_table(figures) else ()),
    )
    report = {"report": "report_content"}
    summarised = ("response", "finding", "check_result", "privacy_check")
    proposal = "publication_proposal"
    return Pipeline(
        [
            wire(nodes.gather_report, ["report_content", "other_reports"], tables),
            wire(nodes.write_quality_page, "quality_page", **report),
            wire(nodes.write_report, "progress_report", **report),
            wire(
                nodes.summarise,
                "run_summary",
                summarised,
                **report,
                proposal=proposal,
                received_scores="readability_score#received",
            ),
        ],
        tags="report",
    )
