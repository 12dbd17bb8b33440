"""The packages pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.packages.nodes import build_packages, build_preview, gather_database

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
    "source_file",
    "mynumber_card",
    "document_approval",
    "open_dataset",
)
INDICATOR_TABLES = (
    "indicator",
    "indicator_target",
    "indicator_value",
    "indicator_value_by_department",
    "indicator_progress",
    "review_hint",
    "initiative_effect_figure",
    "initiative_effect_summary",
    "lineage",
)


def create_pipeline(**_: Any) -> Pipeline:
    """From tables to the analysts' database, the data packages and the preview catalogue."""
    tables = {name: f"{name}#primary" for name in PRIMARY_TABLES}
    tables |= {name: f"{name}#indicator" for name in INDICATOR_TABLES}
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
                    "municipality": "params:municipality",
                    "sources": "params:sources",
                    "dictionary": "data_dictionary",
                    **tables,
                },
                outputs="packages",
                name="build_packages",
            ),
            Node(
                build_preview,
                inputs=["packages", "params:packages", "params:municipality"],
                outputs="preview_catalogue",
                name="build_preview",
            ),
        ],
        tags="packages",
    )
