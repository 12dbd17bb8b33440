"""The packages pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.packages.nodes import (
    build_packages,
    build_preview,
    check_readability,
    gather_database,
    guard_tables,
    measure_response,
)
from sumida_data.pipelines.tables import (
    CHECK_TABLES,
    INDICATOR_TABLES,
    PRIMARY_TABLES,
    RELEASE_TABLES,
    name_datasets,
)


def create_pipeline(**_: Any) -> Pipeline:
    """From tables to the analysts' database, the data packages and the preview catalogue."""
    tables = name_datasets(*PRIMARY_TABLES, *CHECK_TABLES, *INDICATOR_TABLES)
    checks = name_datasets(*RELEASE_TABLES)
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
                inputs={
                    "dictionary": "data_dictionary",
                    "views": "params:views",
                    **tables,
                    **checks,
                },
                outputs="database",
                name="gather_database",
            ),
            Node(
                guard_tables,
                inputs={
                    "packages": "params:packages",
                    "plans": "params:plans",
                    "form": "params:form",
                    "privacy": "params:privacy",
                    "released_texts": "released_texts_csv",
                    "dictionary": "data_dictionary",
                    **tables,
                },
                outputs=["guarded_tables", "privacy_check#release"],
                name="guard_tables",
            ),
            Node(
                build_packages,
                inputs=[
                    "params:packages",
                    "params:municipality",
                    "params:sources",
                    "guarded_tables",
                    "published_packages",
                ],
                outputs="packages",
                name="build_packages",
            ),
            Node(
                check_readability,
                inputs=[
                    "packages",
                    "published_packages",
                    "survey_returns",
                    "external_files",
                    "params:period",
                    "data_dictionary",
                ],
                outputs=["readability_check#release", "readability_score#release"],
                name="check_readability",
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
                    "data_dictionary",
                ],
                outputs="catalogue_files",
                name="build_preview",
            ),
        ],
        tags="packages",
    )
