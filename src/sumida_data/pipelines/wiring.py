"""How nodes are joined: by the types and names of their arguments, and the tables by stage.

Kedro wants the names of a node's inputs and outputs before it runs anything. Which typed tables
there are follows from the project's form and sources, which a hook notes when they have been read.

What a node cannot do it says in a ValueError, whose text `kedro run` shows to the office: an
``UnableError`` or one of a library, such as a ``ReferenceTableError`` of a register.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

import pandas as pd
from kedro.pipeline import Node, Pipeline

from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.parameters import PARAMETERS
from sumida_data.survey.files import SourceFile
from sumida_data.survey.reading.registers import REGISTERS

_Node = TypeVar("_Node", bound=Callable[..., Any])
Frame = pd.DataFrame
Rows = list[Row]
# What is in a folder, and what is to be there, by path.
Files = dict[str, SourceFile]
Contents = dict[str, bytes]
# The place of each dataset of the catalogue, by its name.
Locations = dict[str, str]
# What a run says at its end: lines, or what rich prints, and an exit code.
Summary = dict[str, Any]

# The tables by stage; those of survey sheets and central sources come before them.
_TABLES: dict[str, tuple[str, ...]] = {
    "primary": (
        *("procedure_payment_method", "department", "department_succession"),
        *("response", "answer", "correction", "finding", "source_file", "personal_hit"),
    ),
    # Made from all the others.
    "check": ("check_result", "check_failure"),
    "indicator": (
        *("indicator", "indicator_target", "indicator_baseline", "judging_method"),
        *("indicator_value", "indicator_value_by_department"),
        *("indicator_progress", "response_rate", "answer_rate", "review_hint", "progress_note"),
        *("initiative_effect_figure", "initiative_effect_summary", "lineage"),
        *("pending_revision", "correction_notice"),
        *("publication", "publication_dataset", "value_publication"),
    ),
    # Made with the packages, and therefore in none of them.
    "release": ("privacy_check", "readability_check", "readability_score"),
}
EVERY_TABLE = ("#typed", "#primary", "#check", "#indicator")
_STAGE_OF = {name: stage for stage, names in _TABLES.items() for name in names}
_BY_TYPE = {model: f"params:{name}" for name, model in PARAMETERS.items()} | {
    DataDictionary: "data_dictionary"
}
# Its typed tables; those it lacks, as the form has not all they are made of; whether it is of many.
PROJECT = SimpleNamespace(typed=(), lacking=frozenset(), is_many=False)
# The functions that are nodes, by their module, with what they make and take.
_NODES: defaultdict[str, dict[str, tuple[Any, ...]]] = defaultdict(dict)


class UnableError(ValueError):
    """What is asked for cannot be done with what there is; the text says why and what to do."""


def note_tables(parameters: Mapping[str, Any]) -> None:
    """Note the tables of the project's survey sheets and central sources.

    The parameters are as they were read; what is wrong with them is reported where it is checked.
    """
    parts = [*parameters["form"]["sheets"][1:], *parameters["sources"]]
    PROJECT.typed = tuple(part["table"] for part in parts)
    PROJECT.is_many = parameters.get("many", {}).get("engine", "none") != "none"
    made_of = {one["name"]: {*one.get("made_of", ())} for one in parameters["tables"]["tables"]}
    PROJECT.lacking = {name for name, tables in made_of.items() if not tables <= {*PROJECT.typed}}


def list_tables(*stages: str) -> tuple[str, ...]:
    """Return the tables of stages; ``typed`` are those of survey sheets and central sources."""
    found = {"typed": PROJECT.typed, **_TABLES}
    return tuple(name for stage in stages for name in found[stage] if has_table(name))


def has_table(name: str) -> bool:
    """Tell whether the form has what the table is made of."""
    return name not in PROJECT.lacking


def makes(*outputs: str, tables: Sequence[str] = (), **inputs: str) -> Callable[[_Node], _Node]:
    """Make a node of a function; where a table that it makes is not there, neither is the node.

    An argument of a parameter's model gets the parameter, another the dataset of its name: a table,
    a register, or what the catalogue or another node calls so. The node bears the function's name.
    Tables are those that it takes by name; ``#typed`` or ``#check`` are all of a stage. Inputs are
    datasets by argument, where they are called otherwise.
    """

    def note(function: _Node) -> _Node:
        _NODES[function.__module__][function.__name__] = (function, outputs, tables, inputs)
        return function

    return note


def join_nodes(module: str) -> Callable[[], Pipeline]:
    """Return what makes the pipeline of a module's nodes, which bear its name as tag."""

    def create_pipeline() -> Pipeline:
        nodes = [_wire(*one) for one in _NODES[module].values() if all(map(has_table, one[1]))]
        return Pipeline(nodes, tags=module.rpartition(".")[2])

    return create_pipeline


def _wire(
    function: Callable[..., Any],
    outputs: Sequence[str],
    tables: Sequence[str],
    inputs: Mapping[str, str],
) -> Node:
    types = get_type_hints(function)
    arguments = signature(function).parameters.values()
    named = [one.name for one in arguments if one.kind is not Parameter.VAR_KEYWORD]
    found = {name: _BY_TYPE.get(types[name]) or name_dataset(name) for name in named}
    taken = found | dict(inputs) | _name_datasets(tables)
    made: Any = [name_dataset(name) for name in outputs]
    if len(made) == 1:
        made = _name_datasets(outputs) if outputs[0].startswith("#") else made[0]
    return Node(function, taken, made, name=function.__name__)


def _name_datasets(tables: Iterable[str]) -> dict[str, str]:
    """Return the catalogue's names of the tables that are there, by table."""
    stages = {f"#{stage}": list_tables(stage) for stage in ("typed", *_TABLES)}
    listed = [one for name in tables for one in stages.get(name, (name,)) if has_table(one)]
    return {one: name for one in listed if (name := name_dataset(one)) != one}


def name_dataset(name: str) -> str:
    """Return the catalogue's name, such as ``procedure#primary`` or ``departments_csv``."""
    if name.startswith("received_"):
        return f"{name.removeprefix('received_')}#received"
    if stage := "primary" if name in PROJECT.typed else _STAGE_OF.get(name):
        return f"{name}#{stage}"
    return f"{name}_csv" if name in REGISTERS else name


def read_all(files: Files) -> Contents:
    """Return the contents of files by path."""
    return {name: file.read() for name, file in files.items()}
