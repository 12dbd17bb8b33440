"""The sample pipeline."""

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.sample.nodes import (
    make_sample_external_files,
    make_sample_returns,
    permit_sample,
)


def create_pipeline() -> Pipeline:
    """Permission first, so that nothing is written where a real file lies in either folder."""
    return Pipeline(
        [
            Node(
                permit_sample,
                ["params:sample", "survey_returns", "external_files"],
                "permitted_sample",
            ),
            Node(
                make_sample_returns,
                ["permitted_sample", "params:form", "params:waves", "departments_csv"],
                "sample_survey_returns",
            ),
            Node(
                make_sample_external_files,
                [
                    "permitted_sample",
                    "params:plan",
                    "departments_csv",
                    "municipalities_csv",
                ],
                "sample_external_files",
            ),
        ]
    )
