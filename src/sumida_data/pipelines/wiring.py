"""How nodes are joined: by the types and names of their arguments, and the tables by stage.

Kedro wants the names of a node's inputs and outputs before it runs anything. Which typed tables
there are follows from the project's form and sources, which a hook notes when they have been read.
"""

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, get_type_hints

from kedro.pipeline import Node

from sumida_data.base.metadata import DataDictionary
from sumida_data.parameters import PARAMETERS
from sumida_data.survey.reading.registers import REGISTERS

# Where each dataset of the catalogue lies, by its name.
Locations = dict[str, str]

_PRIMARY_TABLES = (
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
_INDICATOR_TABLES = (
    "indicator",
    "indicator_target",
    "indicator_value",
    "indicator_value_by_department",
    "indicator_progress",
    "response_rate",
    "answer_rate",
    "review_hint",
    "progress_note",
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
    name: stage
    for stage, names in {
        "primary": _PRIMARY_TABLES,
        "indicator": _INDICATOR_TABLES,
        "check": CHECK_TABLES,
        "release": RELEASE_TABLES,
    }.items()
    for name in names
}
_typed: list[str] = []
_engine = ["none"]
# Of which typed tables others are made.
_made_of: dict[str, list[str]] = {}
_BY_TYPE: dict[Any, str] = {model: f"params:{name}" for name, model in PARAMETERS.items()}
_BY_TYPE[DataDictionary] = "data_dictionary"


def note_tables(parameters: Mapping[str, Any]) -> None:
    """Note the tables of the project's survey sheets and central sources.

    Args:
        parameters: As they were read, so that what is wrong with them is told where it is checked.
    """
    parts = [*parameters["form"]["sheets"][1:], *parameters["sources"]]
    _typed[:] = [part["table"] for part in parts]
    _engine[:] = [parameters.get("many", {}).get("engine", "none")]
    _made_of.clear()
    _made_of.update({one["name"]: one.get("made_of", []) for one in parameters["tables"]["tables"]})


def is_many() -> bool:
    """Tell whether the project holds many municipalities."""
    return _engine != ["none"]


def typed_tables() -> tuple[str, ...]:
    """Return the tables of survey sheets and central sources."""
    return tuple(_typed)


def primary_tables() -> tuple[str, ...]:
    """Return the typed tables and those of which indicators are not made."""
    return (*_typed, *filter(has_table, _PRIMARY_TABLES))


def indicator_tables() -> tuple[str, ...]:
    """Return the tables of values and what is made with them."""
    return tuple(filter(has_table, _INDICATOR_TABLES))


def has_table(name: str) -> bool:
    """Tell whether the form has what the table is made of."""
    return set(_made_of.get(name, ())) <= set(_typed)


def wire(
    function: Callable[..., Any],
    outputs: str | Iterable[str] | dict[str, str],
    tables: Iterable[str] = (),
    **inputs: str,
) -> Node:
    """Make a node whose inputs follow from the function's arguments.

    An argument of a parameter's model gets the parameter, another the dataset of its name: a table,
    a register, or what the catalogue or another node calls so.

    Args:
        function: The node's function, whose name the node bears.
        outputs: Names of tables and datasets.
        tables: The tables that the function takes by name beside its arguments.
        inputs: Datasets by argument, where they are called otherwise.
    """
    types = get_type_hints(function)
    named = [
        one.name
        for one in signature(function).parameters.values()
        if one.kind is not Parameter.VAR_KEYWORD
    ]
    found = {name: _BY_TYPE.get(types[name]) or name_dataset(name) for name in named}
    made: str | list[str] | dict[str, str]
    if isinstance(outputs, str):
        made = name_dataset(outputs)
    else:
        made = outputs if isinstance(outputs, dict) else list(map(name_dataset, outputs))
    return Node(
        function, {**found, **inputs, **name_datasets(*tables)}, made, name=function.__name__
    )


def name_dataset(name: str) -> str:
    """Return the catalogue's name, such as ``procedure#primary`` or ``departments_csv``."""
    if name in _typed:
        return f"{name}#primary"
    if name in _STAGES:
        return f"{name}#{_STAGES[name]}"
    return f"{name}_csv" if name in REGISTERS else name


def name_datasets(*tables: str) -> dict[str, str]:
    """Return the catalogue's names of tables by table."""
    return {name: name_dataset(name) for name in tables}
