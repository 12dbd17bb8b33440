"""The report pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.report import nodes


def create_pipeline(**_: Any) -> Pipeline:
    """From indicator values to the progress report and the summary of the run."""
    return Pipeline(
        [
            Node(
                nodes.gather_report,
                inputs={
                    "municipality": "params:municipality",
                    "dictionary": "data_dictionary",
                    "plans": "params:plans",
                    "finding_rules": "params:finding_rules",
                    "reported_period": "reported_period",
                    "response": "response#primary",
                    "finding": "finding#primary",
                    "correction": "correction#primary",
                    "indicator_value": "indicator_value#indicator",
                    "indicator_progress": "indicator_progress#indicator",
                    "review_hint": "review_hint#indicator",
                },
                outputs="report_content",
                name="gather_report",
            ),
            Node(
                nodes.write_quality_page,
                inputs=[
                    "report_content",
                    "params:municipality",
                    "params:quality_rules",
                    "check_result#check",
                    "check_failure#check",
                ],
                outputs="quality_page",
                name="write_quality_page",
            ),
            Node(
                nodes.write_report,
                inputs=["report_content", "quality_page"],
                outputs="progress_report",
                name="write_report",
            ),
            Node(
                nodes.summarise,
                inputs={
                    "report": "report_content",
                    "quota": "params:quota",
                    "packages": "params:packages",
                    "proposal": "publication_proposal",
                    "privacy_check": "privacy_check#release",
                    "response": "response#primary",
                    "finding": "finding#primary",
                    "check_result": "check_result#check",
                },
                outputs="run_summary",
                name="summarise",
            ),
        ],
        tags="report",
    )
