"""The reference pages in Markdown, made from the descriptions that the software itself uses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel, RootModel

from sumida_data.parameters import PARAMETERS
from sumida_data.present.templates import load_templates
from sumida_data.survey.tables import build_dictionary

PAGES = ("indicators", "tables", "rules", "packages", "parameters", "commands")

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a parameter file.

    Attributes:
        path: Where it stands, such as ``quota.reason``.
        kind: Its type, as Python writes it.
        required: Whether it must be written.
        text: What it means.
    """

    path: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: How it is called.
        help: What it does.
        options: Its options with their help.
    """

    name: str
    help: str
    options: tuple[tuple[str, str], ...]


def render_pages(
    parameters: Mapping[str, Any], commands: Mapping[str, click.Command]
) -> dict[str, str]:
    """Return the reference pages by file name.

    Args:
        parameters: The raw parameters of conf/base.
        commands: The commands by name.
    """
    read: dict[str, Any] = {
        key: model.model_validate(parameters[key]) for key, model in PARAMETERS.items()
    }
    templates = load_templates("reference", cell=_write_cell)
    words = {
        **read,
        "dictionary": build_dictionary(read["tables"], read["form"]),
        "keys": list_keys(),
        "listed_commands": [describe_command(name, one) for name, one in commands.items()],
    }
    return {f"{page}.ja.md": templates.get_template(f"{page}.md").render(words) for page in PAGES}


def list_keys() -> dict[str, list[Key]]:
    """Return the keys of each parameter file, by the file's top-level key."""
    return {name: list(_list_keys(model, name)) for name, model in PARAMETERS.items()}


def describe_command(name: str, command: click.Command) -> Command:
    """Return what a command's own help says."""
    options = tuple(
        ("、".join(option.opts), option.help or "")
        for option in command.params
        if isinstance(option, click.Option)
    )
    return Command(f"sumida-data {name}", (command.help or "").strip(), options)


def _list_keys(model: type[BaseModel], path: str) -> Iterator[Key]:
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        texts |= _ATTRIBUTE.findall(getdoc(one) or "")
    for name, field in model.model_fields.items():
        inner = list(_find_models(field.annotation))
        place = path if issubclass(model, RootModel) else f"{path}.{name}"
        if place != path:
            kind = _name_type(field.annotation)
            # A small model explains all its keys in its first line.
            text = texts.get(name) or (getdoc(model) or "").partition("\n")[0]
            yield Key(place, kind, field.is_required(), text)
        for one in inner:
            yield from _list_keys(one, place if place == path else f"{place}[]")


def _name_type(annotation: Any) -> str:
    """Write a type as an officer may read it: a choice by its words, without patterns."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _name_type(arguments[0])
    if origin is Literal:
        return "、".join(map(str, arguments))
    if origin in (Union, UnionType):
        return " | ".join(_name_type(one) for one in arguments if one is not NoneType)
    if origin is None:
        return getattr(annotation, "__name__", str(annotation))
    inner = ", ".join("..." if one is Ellipsis else _name_type(one) for one in arguments)
    return f"{origin.__name__}[{inner}]"


def _find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _find_models(argument)


def _write_cell(text: object) -> str:
    """Write a text so that it stays in one cell of a Markdown table."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").strip()
