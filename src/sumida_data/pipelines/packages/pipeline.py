"""The packages pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.packages.nodes import (
    build_packages,
    build_preview,
    gather_database,
    measure_response,
)
from sumida_data.pipelines.tables import (
    CHECK_TABLES,
    INDICATOR_TABLES,
    PRIMARY_TABLES,
    name_datasets,
)


def create_pipeline(**_: Any) -> Pipeline:
    """From tables to the analysts' database, the data packages and the preview catalogue."""
    tables = name_datasets(PRIMARY_TABLES + CHECK_TABLES, INDICATOR_TABLES)
    return Pipeline(
        [
            Node(
                measure_response,
                inputs=["response#primary", "answer#primary", "params:form", "data_dictionary"],
                outputs=["response_rate#indicator", "answer_rate#indicator"],
                name="measure_response",
            ),
            Node(
                gather_database,
                inputs={"dictionary": "data_dictionary", "views": "params:views", **tables},
                outputs="database",
                name="gather_database",
            ),
            Node(
                build_packages,
                inputs={
                    "packages": "params:packages",
                    "municipality": "params:municipality",
                    "sources": "params:sources",
                    "dictionary": "data_dictionary",
                    "published": "published_packages",
                    **tables,
                },
                outputs="packages",
                name="build_packages",
            ),
            Node(
                build_preview,
                inputs=[
                    "packages",
                    "params:packages",
                    "params:municipality",
                    "params:plans",
                    "params:waves",
                    "params:site",
                ],
                outputs="catalogue_files",
                name="build_preview",
            ),
        ],
        tags="packages",
    )
