"""The ingest pipeline."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from sumida_data.pipelines.ingest.nodes import (
    build_tables,
    check_departments,
    collect_central_files,
    collect_returns,
    combine,
    correct_answers,
    describe_tables,
    find_names,
    list_payment_methods,
    prepare_collector,
)
from sumida_data.pipelines.tables import TYPED_TABLES


def create_pipeline(**_: Any) -> Pipeline:
    """From received files to answers, findings and typed tables."""
    return Pipeline(
        [
            Node(
                describe_tables,
                inputs=["params:tables", "params:form"],
                outputs="data_dictionary",
                name="describe_tables",
            ),
            Node(
                check_departments,
                inputs=["departments_csv", "department_succession_csv", "data_dictionary"],
                outputs=["department#primary", "department_succession#primary"],
                name="check_departments",
            ),
            Node(
                prepare_collector,
                inputs=[
                    "params:form",
                    "params:waves",
                    "params:finding_rules",
                    "params:municipality",
                    "departments_csv",
                    "department_succession_csv",
                    "layout_map_csv",
                ],
                outputs="collector",
                name="prepare_collector",
            ),
            Node(
                collect_returns,
                inputs=["collector", "survey_returns", "kept_readings", "data_dictionary"],
                outputs=["survey_answers", "response#primary", "survey_findings", "name_screen"],
                name="collect_returns",
            ),
            Node(
                collect_central_files,
                inputs=[
                    "params:sources",
                    "params:finding_rules",
                    "params:municipality",
                    "external_files",
                    "municipalities_csv",
                    "response#primary",
                    "known_source_files",
                    "data_dictionary",
                ],
                outputs=["central_answers", "central_findings", "source_file#primary"],
                name="collect_central_files",
            ),
            Node(
                combine,
                inputs=["survey_answers", "central_answers"],
                outputs="answers_as_received",
                name="combine_answers",
            ),
            Node(
                correct_answers,
                inputs=[
                    "params:form",
                    "params:finding_rules",
                    "answers_as_received",
                    "corrections_csv",
                    "data_dictionary",
                ],
                outputs=["answer#primary", "correction#primary", "correction_findings"],
                name="correct_answers",
            ),
            Node(
                combine,
                inputs=["survey_findings", "central_findings", "correction_findings"],
                outputs="finding#primary",
                name="combine_findings",
            ),
            Node(
                build_tables,
                inputs=["answer#primary", "data_dictionary", "params:form", "params:sources"],
                outputs={name: f"{name}#primary" for name in TYPED_TABLES},
                name="build_tables",
            ),
            Node(
                list_payment_methods,
                inputs=["procedure#primary", "data_dictionary"],
                outputs="procedure_payment_method#primary",
                name="list_payment_methods",
            ),
            Node(
                find_names,
                inputs={
                    "screen": "name_screen",
                    "dictionary": "data_dictionary",
                    "correction": "correction#primary",
                    "procedure_payment_method": "procedure_payment_method#primary",
                    **{name: f"{name}#primary" for name in TYPED_TABLES},
                },
                outputs="personal_hit#primary",
                name="find_names",
            ),
        ],
        tags="ingest",
    )
