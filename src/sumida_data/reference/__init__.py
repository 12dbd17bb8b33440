"""Reference pages in Markdown: what the descriptions say that the software itself uses."""

import re
from collections.abc import Iterator, Mapping
from inspect import getdoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import click
import yaml
from pydantic import BaseModel, RootModel

from sumida_data.commands import cli
from sumida_data.parameters import PARAMETERS
from sumida_data.present.words import load_templates
from sumida_data.survey.tables import build_dictionary

PAGES = ("indicators", "tables", "rules", "packages", "parameters", "commands")

_PARAMETERS, _PAGES = Path("conf/base/parameters"), Path("docs/reference")
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


class Key(NamedTuple):
    """A key of a parameter file, such as ``quota.reason``: its type, and what it means."""

    path: str
    kind: str
    required: bool
    text: str


def main() -> None:
    """Write the pages to docs/reference, from the project's folder."""
    parameters: dict[str, Any] = {}
    for path in sorted(_PARAMETERS.glob("*.yml")):
        parameters |= yaml.safe_load(path.read_text("utf-8"))
    context = click.Context(cli)
    names = cli.list_commands(context)
    commands = {name: command for name in names if (command := cli.get_command(context, name))}
    _PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in render_pages(parameters, commands).items():
        (_PAGES / name).write_text(text, "utf-8")


def render_pages(
    parameters: Mapping[str, Any], commands: Mapping[str, click.Command]
) -> dict[str, str]:
    """Return the pages by file name, of the raw parameters of conf/base and commands by name."""
    words: dict[str, Any] = {
        key: model.model_validate(parameters[key]) for key, model in PARAMETERS.items()
    }
    words["dictionary"] = build_dictionary(words["tables"], words["form"])
    words |= {"keys": list_keys(), "commands": commands}
    templates = load_templates("reference", cell=_write_cell)
    return {f"{page}.ja.md": templates.get_template(f"{page}.md").render(words) for page in PAGES}


def list_keys() -> dict[str, list[Key]]:
    """Return the keys of each parameter file, by the file's top-level key."""
    return {name: list(_list_keys(model, name)) for name, model in PARAMETERS.items()}


def _list_keys(model: type[BaseModel], path: str) -> Iterator[Key]:
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        texts |= _ATTRIBUTE.findall(getdoc(one) or "")
    for name, field in model.model_fields.items():
        place, below = path, path
        if not issubclass(model, RootModel):
            place, below = f"{path}.{name}", f"{path}.{name}[]"
            # A small model explains all its keys in its first line.
            text = texts.get(name) or (getdoc(model) or "").partition("\n")[0]
            yield Key(place, _name_type(field.annotation), field.is_required(), text)
        for inner in _find_models(field.annotation):
            yield from _list_keys(inner, below)


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
