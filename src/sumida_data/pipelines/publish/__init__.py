"""From the approved preview to the public target."""

from typing import Any

from kedro.pipeline import Pipeline

from sumida_data.pipelines.publish.nodes import decide_publication, summarise_publication
from sumida_data.pipelines.wiring import wire


def create_pipeline(**_: Any) -> Pipeline:
    """From the approved preview to the public target."""
    approved = {
        "preview": "preview_catalogue",
        "proposal": "publication_proposal",
        "state": "observed_target",
        "record": "target_record",
        "opinion": "second_opinion",
    }
    nodes = [
        wire(decide_publication, ["public_target", "decided"], **approved),
        wire(
            summarise_publication,
            "publication_summary",
            publication="decided",
            state="public_target",
        ),
    ]
    return Pipeline(nodes, tags="publish")
