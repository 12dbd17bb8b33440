"""The forms pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.forms.nodes import write_forms


def create_pipeline(**_: Any) -> Pipeline:
    """From the form's description and last quarter's answers to blank forms."""
    return Pipeline(
        [
            Node(
                write_forms,
                inputs=[
                    "params:form",
                    "params:waves",
                    "params:period",
                    "departments_csv",
                    "department_succession_csv",
                    "known_answers",
                ],
                outputs=["blank_forms", "forms_summary"],
                name="write_forms",
            ),
        ],
        tags="forms",
    )
