"""The changes pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.changes.nodes import compare_with_target, complete_preview


def create_pipeline(**_: Any) -> Pipeline:
    """From the catalogue that would be published to what would change, and the preview."""
    return Pipeline(
        [
            Node(
                compare_with_target,
                inputs={
                    "files": "catalogue_files",
                    "packages": "params:packages",
                    "state": "observed_target",
                    "report": "report_content",
                    "quota": "params:quota",
                    "dictionary": "data_dictionary",
                    "response": "response#primary",
                    "finding": "finding#primary",
                    "pending_revision": "pending_revision#indicator",
                    "check_result": "check_result#check",
                    "privacy_check": "privacy_check#release",
                    "lineage": "lineage#indicator",
                },
                outputs="publication_proposal",
                name="compare_with_target",
            ),
            Node(
                complete_preview,
                inputs=["catalogue_files", "publication_proposal"],
                outputs="preview_catalogue",
                name="complete_preview",
            ),
        ],
        tags="changes",
    )
