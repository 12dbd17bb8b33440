"""From the catalogue that would be published to what would change, and the preview."""

from typing import Any

from kedro.pipeline import Pipeline

from sumida_data.pipelines.changes.nodes import compare_with_target, complete_preview
from sumida_data.pipelines.wiring import wire


def create_pipeline(**_: Any) -> Pipeline:
    """From the catalogue that would be published to what would change, and the preview."""
    tables = ("response", "finding", "pending_revision", "check_result", "privacy_check", "lineage")
    observed = {"state": "observed_target", "report": "report_content"}
    files, proposal = "catalogue_files", "publication_proposal"
    nodes = [
        wire(compare_with_target, proposal, tables, files=files, **observed),
        wire(complete_preview, "preview_catalogue", files=files, proposal=proposal),
    ]
    return Pipeline(nodes, tags="changes")
