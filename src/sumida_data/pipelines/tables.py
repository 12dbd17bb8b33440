"""The tables by stage; a test holds these lists against the data dictionary.

Kedro wants the names of a node's inputs before it reads the parameters.
"""

PRIMARY_TABLES = (
    "procedure",
    "procedure_payment_method",
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
