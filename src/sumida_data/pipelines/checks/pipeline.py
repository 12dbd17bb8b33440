"""The checks pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.checks.nodes import check_tables
from sumida_data.pipelines.tables import (
    CHECK_TABLES,
    INDICATOR_TABLES,
    PRIMARY_TABLES,
    name_datasets,
)


def create_pipeline(**_: Any) -> Pipeline:
    """From all tables to the results of their checks."""
    return Pipeline(
        [
            Node(
                check_tables,
                inputs={
                    "rules": "params:quality_rules",
                    "plans": "params:plans",
                    "waves": "params:waves",
                    "packages": "params:packages",
                    "published": "published_packages",
                    "dictionary": "data_dictionary",
                    **name_datasets(*PRIMARY_TABLES, *INDICATOR_TABLES),
                },
                outputs=list(name_datasets(*CHECK_TABLES).values()),
                name="check_tables",
            ),
        ],
        tags="checks",
    )
