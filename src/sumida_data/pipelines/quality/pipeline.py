"""The quality pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.quality.nodes import get_second_opinion, summarise_second_opinion
from sumida_data.pipelines.tables import (
    CHECK_TABLES,
    INDICATOR_TABLES,
    PRIMARY_TABLES,
    name_datasets,
)


def create_pipeline(**_: Any) -> Pipeline:
    """From tables and packages on disk to what the other engines say of them."""
    return Pipeline(
        [
            Node(
                get_second_opinion,
                inputs={
                    "rules": "params:quality_rules",
                    "packages": "params:packages",
                    "dictionary": "data_dictionary",
                    "files": "preview_catalogue",
                    **name_datasets(*PRIMARY_TABLES, *INDICATOR_TABLES, *CHECK_TABLES),
                },
                outputs="second_opinion",
                name="get_second_opinion",
            ),
            Node(
                summarise_second_opinion,
                inputs="second_opinion",
                outputs="quality_summary",
                name="summarise_second_opinion",
            ),
        ],
        tags="quality",
    )
