"""The keep pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.keep.nodes import keep_readings


def create_pipeline(**_: Any) -> Pipeline:
    """From the returns of a quarter to what may be kept of them."""
    return Pipeline(
        [
            Node(
                keep_readings,
                inputs=[
                    "params:form",
                    "params:waves",
                    "params:finding_rules",
                    "params:period",
                    "layout_map_csv",
                    "survey_returns",
                    "kept_readings",
                    "corrections_csv",
                ],
                outputs=["new_kept_readings", "keep_summary"],
                name="keep_readings",
            ),
        ],
        tags="keep",
    )
