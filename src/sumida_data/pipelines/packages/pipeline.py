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

# Kedro wants the names of a node's inputs before it reads the parameters; a test holds these
# lists against the data dictionary. Which of the tables go out is said in packages.yml.
PRIMARY_TABLES = (
    "procedure",
    "consultation",
    "standardization",
    "training",
    "security_training",
    "security_incident",
    "initiative",
    "initiative_effect",
    "department",
    "department_succession",
    "response",
    "answer",
    "correction",
    "finding",
    "mynumber_card",
    "document_approval",
    "open_dataset",
    "personal_hit",
)
INDICATOR_TABLES = (
    "indicator",
    "indicator_target",
    "indicator_value",
    "indicator_value_by_department",
    "indicator_progress",
    "response_rate",
    "answer_rate",
    "review_hint",
    "lineage",
    "pending_revision",
    "correction_notice",
    "publication",
    "publication_dataset",
    "value_publication",
)
# What was found when the packages were made; what they are made of comes before it.
CHECK_TABLES = ("privacy_check", "readability_check", "readability_score")


def create_pipeline(**_: Any) -> Pipeline:
    """From tables to the analysts' database, the data packages and the preview catalogue."""
    tables = {name: f"{name}#primary" for name in PRIMARY_TABLES}
    tables |= {name: f"{name}#indicator" for name in INDICATOR_TABLES}
    checks = {name: f"{name}#primary" for name in CHECK_TABLES}
    return Pipeline(
        [
            Node(
                measure_response,
                inputs=["response#primary", "answer#primary", "data_dictionary"],
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
                outputs=["guarded_tables", "privacy_check#primary"],
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
                    "survey_returns",
                    "external_files",
                    "params:period",
                    "data_dictionary",
                ],
                outputs=["readability_check#primary", "readability_score#primary"],
                name="check_readability",
            ),
            Node(
                build_preview,
                inputs=[
                    "packages",
                    "params:packages",
                    "params:municipality",
                    "privacy_check#primary",
                ],
                outputs="catalogue_files",
                name="build_preview",
            ),
        ],
        tags="packages",
    )
