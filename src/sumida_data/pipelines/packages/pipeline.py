"""The packages pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.packages.nodes import build_packages, build_preview, gather_database
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
                gather_database,
                inputs={"dictionary": "data_dictionary", **tables},
                outputs="database",
                name="gather_database",
            ),
            Node(
                build_packages,
                inputs={
                    "packages": "params:packages",
                    "plan": "params:plan",
                    "sources": "params:sources",
                    "dictionary": "data_dictionary",
                    **tables,
                },
                outputs="packages",
                name="build_packages",
            ),
            Node(
                build_preview,
                inputs=["packages", "params:packages", "params:plan"],
                outputs="preview_catalogue",
                name="build_preview",
            ),
        ],
        tags="packages",
    )
