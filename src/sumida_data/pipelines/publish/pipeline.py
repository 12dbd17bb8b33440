"""The publish pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.publish.nodes import decide_publication, summarise_publication


def create_pipeline(**_: Any) -> Pipeline:
    """From the approved preview to the public target."""
    return Pipeline(
        [
            Node(
                decide_publication,
                inputs={
                    "preview": "preview_catalogue",
                    "packages": "params:packages",
                    "proposal": "publication_proposal",
                    "state": "observed_target",
                    "record": "target_record",
                    "lineage": "lineage#indicator",
                    "opinion": "second_opinion",
                },
                outputs=["public_target", "publication"],
                name="decide_publication",
            ),
            Node(
                summarise_publication,
                inputs=["publication", "public_target"],
                outputs="publication_summary",
                name="summarise_publication",
            ),
        ],
        tags="publish",
    )
