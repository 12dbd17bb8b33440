"""The indicators pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.indicators.nodes import (
    assess_progress,
    choose_period,
    compute_values,
    describe_initiatives,
    describe_plans,
    describe_publications,
    find_review_hints,
    freeze_published,
)
from sumida_data.pipelines.tables import QUERIED_TABLES
from sumida_data.plan.coverage import measure_coverage


def create_pipeline(**_: Any) -> Pipeline:
    """From typed tables to indicator values, lineage and progress."""
    return Pipeline(
        [
            Node(
                choose_period,
                inputs=["params:period", "response#primary"],
                outputs="reported_period",
                name="choose_period",
            ),
            Node(
                measure_coverage,
                inputs=["params:form", "params:waves", "response#primary"],
                outputs="coverage",
                name="measure_coverage",
            ),
            Node(
                compute_values,
                inputs={
                    "municipality": "params:municipality",
                    "plans": "params:plans",
                    "coverage": "coverage",
                    "response": "response#primary",
                    "departments": "departments_csv",
                    "dictionary": "data_dictionary",
                    **{name: f"{name}#primary" for name in QUERIED_TABLES},
                },
                outputs=[
                    "computed_values",
                    "computed_lineage",
                    "indicator_value_by_department#indicator",
                ],
                name="compute_values",
            ),
            Node(
                freeze_published,
                inputs=[
                    "params:plans",
                    "computed_values",
                    "computed_lineage",
                    "publication_history",
                    "revisions_csv",
                    "data_dictionary",
                ],
                outputs=[
                    "indicator_value#indicator",
                    "lineage#indicator",
                    "pending_revision#indicator",
                    "correction_notice#indicator",
                ],
                name="freeze_published",
            ),
            Node(
                describe_publications,
                inputs=["publication_history", "data_dictionary"],
                outputs=[
                    "publication#indicator",
                    "publication_dataset#indicator",
                    "value_publication#indicator",
                ],
                name="describe_publications",
            ),
            Node(
                assess_progress,
                inputs=["params:plans", "indicator_value#indicator", "data_dictionary"],
                outputs="indicator_progress#indicator",
                name="assess_progress",
            ),
            Node(
                find_review_hints,
                inputs=[
                    "params:plans",
                    "indicator_value#indicator",
                    "indicator_value_by_department#indicator",
                    "hint_notes_csv",
                    "data_dictionary",
                ],
                outputs="review_hint#indicator",
                name="find_review_hints",
            ),
            Node(
                describe_initiatives,
                inputs=[
                    "params:initiatives",
                    "initiative#primary",
                    "initiative_effect#primary",
                    "departments_csv",
                    "data_dictionary",
                ],
                outputs=[
                    "initiative_effect_figure#indicator",
                    "initiative_effect_summary#indicator",
                ],
                name="describe_initiatives",
            ),
            Node(
                describe_plans,
                inputs=["params:plans", "data_dictionary"],
                outputs=["indicator#indicator", "indicator_target#indicator"],
                name="describe_plans",
            ),
        ],
        tags="indicators",
    )
