"""A dataset and its tables in the words of a CKAN, and what brings one there in line.

Who published what is kept in one extra of the dataset, ``sumida_manifest``: hashes of the
descriptions as they were published, and of the description as it was written, so that a change by
hand is seen. Ids of resources follow from the id that the CKAN gave the dataset and from the key of
the file; they and the addresses stay whatever is published, and nothing can be there twice.

A table of the DataStore is brought in line by comparing rows: only rows that differ are sent, by
primary key, so that a step that broke off can simply be done again.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from sumida_data.base.disk import pack
from sumida_data.base.metadata import Row
from sumida_data.catalogue.ckan.site import CkanSite, Files
from sumida_data.catalogue.target import Dataset, DatasetState, Entry, File, hash_entry
from sumida_data.quality.data_package import DESCRIPTOR

# Arguments of a ``package_revise``, and the files that go with it.
Revision = tuple[Entry, Files]
MANIFEST = "sumida_manifest"
# What the name of a file ends in that holds a version.
_VERSION = ".zip"

_TEXT_FIELDS = ("title", "notes", "url", "version", "maintainer")
_LIST_FIELDS = ("tags", "extras", "groups")
_RESOURCE_FIELDS = ("name", "description", "format", "mimetype")
# A statement may run for a minute at most.
_BATCH = 5000
# The database cuts longer names of columns, and CKAN counts characters where it counts bytes.
_LONGEST_COLUMN = 63
_TYPES = {"integer": "int8", "number": "numeric", "date": "date", "boolean": "bool"}
_READERS: dict[str, Callable[[Any], Any]] = {
    "int8": int,
    "numeric": lambda value: Decimal(str(value)),
    "date": lambda value: str(value)[:10],
    "bool": lambda value: str(value).casefold() == "true",
}


def name_resource(package: Entry, key: str) -> str:
    """Return the id of the resource for a file of a dataset."""
    return str(uuid5(UUID(package["id"]), key))


def _name_each(names: Iterable[str]) -> list[Entry]:
    return [{"name": name} for name in names]


def describe(dataset: Dataset, mark: Entry, groups: Iterable[str], **given: str) -> Entry:
    """Put a dataset into the words of a CKAN, with the manifest among its extras.

    The mark, project and name there, shows that it is ours. Ids are given of our organisation and
    of the licence.
    """
    extras = [{k: extra[k] for k in ("key", "value")} for extra in dataset.metadata["extras"]]
    fields = {key: dataset.metadata.get(key) or "" for key in _TEXT_FIELDS} | given
    fields |= {"name": mark["name"], "private": False, "state": "active", "extras": extras}
    fields["tags"] = _name_each(clean_tags(tag["name"] for tag in dataset.metadata["tags"]))
    if groups:
        fields["groups"] = _name_each(groups)
    manifest = mark | {
        "metadata": dataset.state.metadata_sha256,
        "files": {file.key: file.hashes[1] for file in dataset.files},
        "written": _hash_written(fields, {file.key: file.metadata for file in dataset.files}),
    }
    return fields | {"extras": [*extras, write_manifest(manifest)]}


def write_manifest(manifest: Entry) -> Entry:
    """Return the extra that holds our mark."""
    return {"key": MANIFEST, "value": json.dumps(manifest, sort_keys=True)}


def clean_tags(words: Iterable[str]) -> list[str]:
    """Return words as tags that CKAN accepts: letters, digits, spaces and - _ . only."""
    cleaned = (re.sub(r"\s+", " ", re.sub(r"[^\w .-]", " ", word)).strip()[:100] for word in words)
    return list(dict.fromkeys(word for word in cleaned if len(word) >= 2))


def read_manifest(package: Entry) -> Entry | None:
    """Return what the last publication left in a dataset, or None where nothing readable is."""
    for extra in package.get("extras", []):
        if extra["key"] == MANIFEST:
            with suppress(ValueError):
                found = json.loads(extra["value"])
                return found if isinstance(found, dict) else None
    return None


def read_state(package: Entry) -> DatasetState:
    """Return what a CKAN holds, looked into, as it compares with what is to be published.

    What was described otherwise by hand has no hash; a resource added by hand has its id for a key.
    """
    manifest: Entry = {"files": {}} | (read_manifest(package) or {})
    keys = {name_resource(package, key): key for key in manifest["files"]}
    resources = package["resources"]
    ours = {keys[one["id"]]: one for one in resources if one["id"] in keys}
    written, name = _hash_written(package, ours), manifest.get("name", package["name"])
    untouched = (manifest.get("written"), name) == (written, package["name"])
    described = manifest["files"] if untouched else {}
    named = ((keys.get(one["id"], one["id"]), one["sha256"]) for one in resources)
    files = {key: (sha256, described.get(key, "")) for key, sha256 in named}
    return DatasetState(manifest["metadata"] if untouched else "", files)


def read_newest(package: Entry) -> DatasetState:
    """Return the same without the versions beside the newest files, whose changes are not shown."""
    state = read_state(package)
    files = {key: one for key, one in state.files.items() if not key.endswith(_VERSION)}
    return replace(state, files=files)


def pack_version(name: str, version: str, files: Mapping[str, bytes]) -> File:
    """Return all files of a version as one."""
    remark = "の全ファイル。この版の住所と中身は変わりません。"
    described = {"name": f"版 {version}", "description": f"版 {version} {remark}"}
    described |= {"format": "ZIP", "mimetype": "application/zip"}
    return File(f"{name}-{version}{_VERSION}", pack(files), described)


def read_address(dataset: Dataset) -> str:
    """Return the address by which a dataset is cited, or nothing."""
    files = {file.key: file.content for file in dataset.files}
    return str(json.loads(files.get(DESCRIPTOR, "{}")).get("sumida:address", ""))


def revise(
    fields: Entry, dataset: Dataset, package: Entry, own_groups: frozenset[str]
) -> Revision | None:
    """Return the one revision that makes a CKAN hold a dataset, so described, or None.

    Only changed fields and the bytes of changed files go into it, by what the CKAN, looked into,
    holds. It is refused if the dataset has changed since.
    """
    changed = _compare(_add_groups(fields, package, own_groups), package)
    # A list is replaced only if it is taken out first; otherwise its items are merged by place.
    left_out = [f"-{name}" for name in _LIST_FIELDS if name in changed]
    wanted = {name_resource(package, file.key): file for file in dataset.files}
    resources = {one["id"]: one for one in package["resources"]}
    left_out += [f"-resources__{one}" for one in resources if one not in wanted]
    update, files = _compare_files(wanted, resources)
    if not any((changed, update, left_out)):
        return None
    arguments = match(package, own_groups, changed, left_out) | update
    return (_as_text(arguments) if files else arguments), files


def _as_text(arguments: Entry) -> Entry:
    """Write lists and mappings as JSON, as CKAN wants them beside files."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in arguments.items()
    }


def _compare_files(
    wanted: Mapping[str, File], resources: Mapping[str, Entry]
) -> tuple[Entry, Files]:
    update: Entry = {}
    files = {}
    for one, file in wanted.items():
        held = resources.get(one, {})
        described = {name: file.metadata.get(name) or "" for name in _RESOURCE_FIELDS}
        different = _compare(described, held)
        if held.get("sha256") != file.sha256:
            different["hash"] = f"sha256:{file.sha256}"
            upload = (file.key, file.content, described["mimetype"])
            files[f"update__resources__{one}__upload"] = upload
        if not held:
            update.setdefault("update__resources__extend", []).append({"id": one, **different})
        elif different:
            update[f"update__resources__{one}"] = different
    return update, files


def match(
    package: Entry, own_groups: frozenset[str], update: Entry, left_out: Iterable[str] = ()
) -> Entry:
    """Return the arguments of a ``package_revise`` of a dataset as it was looked at."""
    # Groups that others chose are left unsaid: CKAN keeps them, but would refuse us for them.
    others = [f"-groups__{g['id']}" for g in package["groups"] if g["name"] not in own_groups]
    return {
        "match__id": package["id"],
        "match__metadata_modified": package["metadata_modified"],
        "filter": ",".join([*others, *left_out]),
        "update": update,
    }


def _add_groups(fields: Entry, package: Entry, own_groups: frozenset[str]) -> Entry:
    """Ask for groups only where one is missing, beside those of ours that are there."""
    wanted = {group["name"] for group in fields.get("groups", ())}
    held = {group["name"] for group in package["groups"]}
    asked = _name_each(sorted(wanted | held & own_groups))
    others = {name: value for name, value in fields.items() if name != "groups"}
    return others | ({"groups": asked} if wanted - held else {})


def _compare(wanted: Entry, held: Entry) -> Entry:
    return {k: wanted[k] for k in wanted if _plain(k, held.get(k)) != _plain(k, wanted[k])}


def _plain(name: str, value: Any) -> Any:
    """Return a value in a form in which what CKAN made of it compares with what was sent."""
    if name in ("tags", "groups"):
        return sorted(item["name"] for item in value or ())
    if name == "extras":
        return sorted((item["key"], item["value"]) for item in value or ())
    return str(value or "").casefold() if name == "format" else value or ""


def _hash_written(fields: Entry, files: Mapping[str, Entry]) -> str:
    names = (*_TEXT_FIELDS, "license_id", "tags", "extras")
    described = {name: _plain(name, fields.get(name)) for name in names}
    described["extras"] = [one for one in described["extras"] if one[0] != MANIFEST]
    resources = {
        key: {name: _plain(name, one.get(name)) for name in _RESOURCE_FIELDS}
        for key, one in files.items()
    }
    return hash_entry({"dataset": described, "files": resources})


@dataclass(frozen=True)
class DatastoreTable:
    """A CSV file as a table; its fields are as ``datastore_create`` takes them."""

    dataset: str
    key: str
    fields: tuple[Entry, ...]
    primary_key: tuple[str, ...]
    rows: tuple[Row, ...]

    def find_problems(self) -> Iterator[str]:
        """Yield what a DataStore would refuse or spoil, in Japanese, one line each."""
        for column in (field["id"] for field in self.fields):
            # Releases before 2.12 answer a search of a table with a column j wrongly.
            if len(column.encode()) > _LONGEST_COLUMN or column == "j" or column[0] == "_":
                yield (
                    f"データセット {self.dataset}: {self.key} の列 {column} は使えません。"
                    f"_ で始まらず j でない、{_LONGEST_COLUMN}バイトまでの名前にしてください。"
                )
        keys = self.sort_by_key(self.rows)
        if len(keys) < len(self.rows) or any(None in key for key in keys):
            yield (
                f"データセット {self.dataset}: {self.key} の主キー {'、'.join(self.primary_key)} が"
                "空の行か、同じ行があります。"
            )

    def sort_by_key(self, rows: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
        """Return rows by the values of their key."""
        return {tuple(row[name] for name in self.primary_key): row for row in rows}


def read_tables(dataset: Dataset) -> Iterator[DatastoreTable]:
    """Yield the tables that the descriptor of a dataset describes."""
    files = {file.key: file.content for file in dataset.files}
    for resource in json.loads(files.get(DESCRIPTOR, "{}")).get("resources", []):
        schema, path = resource.get("schema", {}), resource["path"]
        if path.endswith(".csv") and (primary_key := tuple(schema.get("primaryKey", ()))):
            fields = tuple(_describe_field(field, primary_key) for field in schema["fields"])
            text = io.StringIO(files[path].decode("utf-8-sig"), newline="")
            rows = tuple(_read_row(fields, line, "") for line in csv.DictReader(text))
            yield DatastoreTable(dataset.name, path, fields, primary_key, rows)


def fill(site: CkanSite, resource_id: str, table: DatastoreTable) -> None:
    """Make the table of a resource hold the rows of a file, and no others."""
    resource = {"resource_id": resource_id, "force": True}
    fields = _read_fields(site, resource_id)
    if fields and _shape(fields) != _shape(table.fields):
        site.call("datastore_delete", resource)
    if fields != list(table.fields):
        columns = {"fields": list(table.fields), "primary_key": list(table.primary_key)}
        site.call("datastore_create", resource | columns)
    held = table.sort_by_key(_read_rows(site, resource_id, table))
    wanted = table.sort_by_key(table.rows)
    for key in held.keys() - wanted.keys():
        row = dict(zip(table.primary_key, key, strict=True))
        site.call("datastore_delete", resource | {"filters": _as_json(row)})
    different = [_as_json(row) for key, row in wanted.items() if held.get(key) != row]
    for start in range(0, len(different), _BATCH):
        records = different[start : start + _BATCH]
        site.call("datastore_upsert", resource | {"records": records, "method": "upsert"})


def compare_table(site: CkanSite, resource_id: str, table: DatastoreTable) -> list[str]:
    """Return how the table of a resource differs from its file, in Japanese."""
    start = f"データセット {table.dataset}: {table.key} のDataStoreの"
    fields = _read_fields(site, resource_id)
    if fields is None:
        return [f"{start}表がありません。"]
    if fields != list(table.fields):
        return [f"{start}列がファイルと違います。"]
    rows = list(_read_rows(site, resource_id, table))
    held, wanted = table.sort_by_key(rows), table.sort_by_key(table.rows)
    same = sum(wanted.get(key) == row for key, row in held.items())
    if len(rows) == same == len(wanted):
        return []
    return [
        f"データセット {table.dataset}: {table.key} のDataStoreは{len(rows)}行で、"
        f"ファイルの{len(wanted)}行と同じなのは{same}行です。"
    ]


def _read_fields(site: CkanSite, resource_id: str) -> list[Entry] | None:
    """Return the columns of the table of a resource, or None where it has none."""
    answer = site.find("datastore_search", {"resource_id": resource_id, "limit": 0})
    return answer and [
        {"id": one["id"], "type": one["type"], "info": one.get("info", {})}
        for one in answer["fields"]
        if one["id"] != "_id"
    ]


def _read_rows(site: CkanSite, resource_id: str, table: DatastoreTable) -> Iterator[Row]:
    asked = {"resource_id": resource_id, "limit": _BATCH, "sort": "_id", "include_total": False}
    for offset in count(0, _BATCH):
        records = site.call("datastore_search", asked | {"offset": offset})["records"]
        yield from (_read_row(table.fields, record) for record in records)
        if len(records) < _BATCH:
            return


def _describe_field(field: Entry, primary_key: Sequence[str]) -> Entry:
    info = {
        "label": field["title"],
        "notes": field.get("description", ""),
        "unit": field.get("sumida:unit", ""),
        "label_en": field.get("sumida:titleEn", ""),
        "primary_key": field["name"] in primary_key,
    }
    kind = _TYPES.get(field["type"], "text")
    return {"id": field["name"], "type": kind, "info": {k: v for k, v in info.items() if v}}


def _shape(fields: Sequence[Entry]) -> list[tuple[str, str, bool]]:
    """Return what cannot be changed in a table without building it anew."""
    return [(one["id"], one["type"], "primary_key" in one["info"]) for one in fields]


def _read_row(fields: Sequence[Entry], record: Row, missing: str | None = None) -> Row:
    """Return a row as values compare, whether a file or a DataStore says it."""
    row = {}
    for name, kind in ((field["id"], field["type"]) for field in fields):
        there = record[name] not in (None, missing)
        row[name] = _READERS.get(kind, str)(record[name]) if there else None
    return row


def _as_json(row: Row) -> Row:
    """Write decimals as text, which the database reads without loss."""
    return {key: str(one) if isinstance(one, Decimal) else one for key, one in row.items()}
