"""The tables by stage; tests hold these lists against the descriptions.

Kedro wants the names of a node's inputs and outputs before it reads the parameters.
"""

# Those of survey sheets and central sources.
TYPED_TABLES = (
    "procedure",
    "consultation",
    "standardization",
    "training",
    "security_training",
    "security_incident",
    "initiative",
    "initiative_effect",
    "mynumber_card",
    "document_approval",
    "open_dataset",
)
# What an indicator's query may use.
QUERIED_TABLES = ("answer", *TYPED_TABLES)
PRIMARY_TABLES = (
    *TYPED_TABLES,
    "procedure_payment_method",
    "department",
    "department_succession",
    "response",
    "answer",
    "correction",
    "finding",
    "source_file",
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
    "initiative_effect_figure",
    "initiative_effect_summary",
    "lineage",
    "pending_revision",
    "correction_notice",
    "publication",
    "publication_dataset",
    "value_publication",
)
# Made from all the others.
CHECK_TABLES = ("check_result", "check_failure")
# Made with the packages, and therefore in none of them.
RELEASE_TABLES = ("privacy_check", "readability_check", "readability_score")


_STAGES = {
    "primary": PRIMARY_TABLES,
    "indicator": INDICATOR_TABLES,
    "check": CHECK_TABLES,
    "release": RELEASE_TABLES,
}


def name_datasets(*tables: str) -> dict[str, str]:
    """Return the catalogue's names of tables, such as ``procedure#primary``, by table."""
    stages = {name: stage for stage, names in _STAGES.items() for name in names}
    return {name: f"{name}#{stages[name]}" for name in tables}
