"""How nodes are joined: by the types and names of their arguments, and the tables by stage.

Kedro wants the names of a node's inputs and outputs before it runs anything. Which typed tables
there are follows from the project's form and sources, which a hook notes when they have been read.
"""

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, get_type_hints

import pandas as pd
from kedro.pipeline import Node

from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.parameters import PARAMETERS
from sumida_data.survey.files import SourceFile
from sumida_data.survey.reading.registers import REGISTERS

Frame = pd.DataFrame
Rows = list[Row]
# What lies in a folder, and what is to lie there, by path.
Files = dict[str, SourceFile]
Contents = dict[str, bytes]
# Where each dataset of the catalogue lies, by its name.
Locations = dict[str, str]
# What a run says at its end: lines and an exit code, as plain data.
Summary = dict[str, Any]

# The tables by stage; those of survey sheets and central sources come before them.
_TABLES: dict[str, tuple[str, ...]] = {
    "primary": (
        "procedure_payment_method",
        "department",
        "department_succession",
        "response",
        "answer",
        "correction",
        "finding",
        "source_file",
        "personal_hit",
    ),
    # Made from all the others.
    "check": ("check_result", "check_failure"),
    "indicator": (
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
    ),
    # Made with the packages, and therefore in none of them.
    "release": ("privacy_check", "readability_check", "readability_score"),
}
_STAGE_OF = {name: stage for stage, names in _TABLES.items() for name in names}
_BY_TYPE = {model: f"params:{name}" for name, model in PARAMETERS.items()} | {
    DataDictionary: "data_dictionary"
}
# Its typed tables; of which of them others are made; whether it holds many municipalities.
PROJECT = SimpleNamespace(typed=(), made_of={}, is_many=False)


def note_tables(parameters: Mapping[str, Any]) -> None:
    """Note the tables of the project's survey sheets and central sources.

    The parameters are as they were read; what is wrong with them is told where it is checked.
    """
    parts = [*parameters["form"]["sheets"][1:], *parameters["sources"]]
    PROJECT.typed = tuple(part["table"] for part in parts)
    PROJECT.is_many = parameters.get("many", {}).get("engine", "none") != "none"
    tables = parameters["tables"]["tables"]
    PROJECT.made_of = {one["name"]: set(one.get("made_of", ())) for one in tables}


def list_tables(*stages: str) -> tuple[str, ...]:
    """Return the tables of stages; ``typed`` are those of survey sheets and central sources."""
    found = {"typed": PROJECT.typed, **_TABLES}
    return tuple(name for stage in stages for name in found[stage] if has_table(name))


def has_table(name: str) -> bool:
    """Tell whether the form has what the table is made of."""
    made_of: set[str] = PROJECT.made_of.get(name, set())
    return made_of <= {*PROJECT.typed}


def wire(
    function: Callable[..., Any],
    outputs: str | Iterable[str] | dict[str, str],
    tables: Iterable[str] = (),
    **inputs: str,
) -> Node:
    """Make a node whose inputs follow from the function's arguments.

    An argument of a parameter's model gets the parameter, another the dataset of its name: a table,
    a register, or what the catalogue or another node calls so. The node bears the function's name.

    Args:
        function: The node's function.
        outputs: Names of tables and datasets.
        tables: The tables that the function takes by name beside its arguments.
        inputs: Datasets by argument, where they are called otherwise.
    """
    types = get_type_hints(function)
    arguments = signature(function).parameters.values()
    named = [one.name for one in arguments if one.kind is not Parameter.VAR_KEYWORD]
    found = {name: _BY_TYPE.get(types[name]) or name_dataset(name) for name in named}
    takes = {**found, **inputs, **{name: name_dataset(name) for name in tables}}
    made: str | list[str] | dict[str, str]
    if isinstance(outputs, str):
        made = name_dataset(outputs)
    else:
        made = outputs if isinstance(outputs, dict) else list(map(name_dataset, outputs))
    return Node(function, takes, made, name=function.__name__)


def name_dataset(name: str) -> str:
    """Return the catalogue's name, such as ``procedure#primary`` or ``departments_csv``."""
    if stage := "primary" if name in PROJECT.typed else _STAGE_OF.get(name):
        return f"{name}#{stage}"
    return f"{name}_csv" if name in REGISTERS else name


def read_all(files: Files) -> Contents:
    """Return the contents of files by path."""
    return {name: file.read() for name, file in files.items()}
