"""The files of our own packages, with what their descriptors say of them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sumida_data.quality.readability.files import DataFile, Description, Note, read_file

# Descriptions, READMEs and change logs explain the data and are none.
_DATA_FORMATS = {"csv", "parquet", "xlsx", "ods"}
_HISTORY = ("changelog", "change_log", "changes", "history")


def read_packages(
    files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> dict[str, list[DataFile]]:
    """Read the data files of packages for checking.

    Args:
        files: Contents by path, such as ``dx-indicators/datapackage.json``.
        before: The packages as they were last published: contents by path.

    Returns:
        The files of each package, as its descriptor lists them.
    """
    packages: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
    for path, content in files.items():
        name, _, file = path.partition("/")
        packages[name][file] = content
    return {name: list(_read_package(name, packages[name], before)) for name in sorted(packages)}


def _read_package(
    name: str, files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> Iterator[DataFile]:
    descriptor = json.loads(files["datapackage.json"])
    history = _has_history(descriptor, files)
    by_table = {
        one["title"]: tuple(_list_notes(one)) for one in descriptor["resources"] if "schema" in one
    }
    data = (one for one in descriptor["resources"] if _is_data(one))
    for resource in data:
        path = resource["path"]
        notes = tuple(_list_notes(resource)) or _notes_of_copy(descriptor, path)
        said = Description(
            notes=notes,
            by_table={} if notes else by_table,
            keys=tuple(resource.get("schema", {}).get("primaryKey", ())),
            encoding=resource.get("encoding", ""),
            byte_order_mark=resource.get("dialect", {}).get("sumida:byteOrderMark"),
            says_missing="missingValues" in resource.get("schema", {})
            or not resource.get("schema"),
            history=history,
            previous=_list_columns(f"{name}/{path}", files[path], before),
        )
        yield read_file(f"{name}/{path}", files[path], said)


def _list_columns(
    path: str, content: bytes, before: Mapping[str, bytes]
) -> dict[str, tuple[str, ...]]:
    """Return the columns that a file had when it was last published, by table."""
    published = before.get(path, content)
    if published == content:
        return {}
    grids = read_file(path, published, Description()).grids
    return {grid.name: tuple(column.header for column in grid.columns) for grid in grids}


def _is_data(resource: Mapping[str, Any]) -> bool:
    return "schema" in resource or resource["format"].lower() in _DATA_FORMATS


def _notes_of_copy(descriptor: Mapping[str, Any], path: str) -> tuple[Note, ...]:
    """Return what is said of the CSV file that a file of the same name is a copy of."""
    stem = path.rpartition(".")[0]
    return tuple(
        note
        for resource in descriptor["resources"]
        if resource["path"].rpartition(".")[0] == stem
        for note in _list_notes(resource)
    )


def _list_notes(resource: Mapping[str, Any]) -> Iterator[Note]:
    for field in resource.get("schema", {}).get("fields", ()):
        yield Note(
            name=field["name"],
            title=field.get("title", ""),
            type=field.get("type", "string"),
            unit=field.get("sumida:unit", ""),
            unit_field=field.get("sumida:unitField", ""),
            description=field.get("description", ""),
            enum=tuple(field.get("constraints", {}).get("enum", ())),
        )


def _has_history(descriptor: Mapping[str, Any], files: Mapping[str, bytes]) -> bool:
    names = (*files, *descriptor)
    return bool(descriptor.get("version")) and any(
        word in name.lower() for name in names for word in _HISTORY
    )
