"""The returns pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.returns import nodes


def create_pipeline(**_: Any) -> Pipeline:
    """From responses and findings to return sheets and the response tracking."""
    return Pipeline(
        [
            Node(
                nodes.track,
                inputs={
                    "dictionary": "data_dictionary",
                    "municipality": "params:municipality",
                    "form": "params:form",
                    "finding_rules": "params:finding_rules",
                    "reported_period": "reported_period",
                    "response": "response#primary",
                    "finding": "finding#primary",
                    "answer": "answer#primary",
                },
                outputs="response_tracking",
                name="track_responses",
            ),
            Node(
                nodes.write_returns,
                inputs=[
                    "response_tracking",
                    "params:finding_rules",
                    "survey_returns",
                    "response#primary",
                    "finding#primary",
                ],
                outputs="department_returns",
                name="write_returns",
            ),
        ],
        tags="returns",
    )
