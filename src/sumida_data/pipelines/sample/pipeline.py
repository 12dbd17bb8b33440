"""The sample pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.sample.nodes import (
    make_sample_external_files,
    make_sample_returns,
    permit_sample,
)


def create_pipeline(**_: Any) -> Pipeline:
    """Permission first, so that nothing is written where a real file lies in either folder."""
    return Pipeline(
        [
            Node(
                permit_sample,
                inputs=["params:sample", "survey_returns", "external_files"],
                outputs="permitted_sample",
                name="permit_sample",
            ),
            Node(
                make_sample_returns,
                inputs=["permitted_sample", "params:form", "params:waves", "departments_csv"],
                outputs=["sample_survey_returns", "sample_summary"],
                name="make_sample_returns",
            ),
            Node(
                make_sample_external_files,
                inputs=[
                    "permitted_sample",
                    "params:municipality",
                    "departments_csv",
                    "municipalities_csv",
                ],
                outputs="sample_external_files",
                name="make_sample_external_files",
            ),
        ],
        tags="sample",
    )
