"""A dataset in the words of a CKAN, and what must be written to bring one there in line.

Who published what is kept in one extra of the dataset, ``sumida_manifest``: hashes of the
descriptions as they were published, and of the description as it was written, so that a change by
hand is seen. Ids of resources follow from the id that the CKAN gave the dataset and from the key of
the file; they and the addresses stay whatever is published, and nothing can be there twice.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sumida_data.catalogue.ckan.site import Files
from sumida_data.catalogue.target import Dataset, DatasetState, Entry, File, hash_entry

MANIFEST = "sumida_manifest"
FREQUENCY = "更新頻度"

_TEXT_FIELDS = ("title", "notes", "url", "version", "maintainer")
_LIST_FIELDS = ("tags", "extras", "groups")
_RESOURCE_FIELDS = ("name", "description", "format", "mimetype")


@dataclass(frozen=True)
class WantedEntry:
    """A dataset as a CKAN is to hold it.

    Attributes:
        name: Its name there.
        fields: Its description, with the manifest among its extras.
        files: Its files.
    """

    name: str
    fields: Entry
    files: tuple[File, ...]


@dataclass(frozen=True)
class FoundEntry:
    """A dataset as a CKAN holds it.

    Attributes:
        package: What ``package_show`` says.
        hashes: Hashes of the bytes that can be downloaded, by id of the resource.
    """

    package: Entry
    hashes: Mapping[str, str]

    @property
    def resources(self) -> dict[str, Entry]:
        """The resources by id."""
        return {resource["id"]: resource for resource in self.package["resources"]}


def name_resource(package: Entry, key: str) -> str:
    """Return the id of the resource for a file of a dataset."""
    return str(uuid5(UUID(package["id"]), key))


def _name_each(names: Iterable[str]) -> list[Entry]:
    return [{"name": name} for name in names]


def describe(
    dataset: Dataset, mark: Entry, owner_org: str, license_id: str, groups: Iterable[str]
) -> WantedEntry:
    """Put a dataset into the words of a CKAN.

    Args:
        dataset: The dataset.
        mark: What shows that it is ours: the project, and its name there.
        owner_org: Id of our organisation.
        license_id: The id under which the site knows its licence.
        groups: Names of the groups that it shall belong to.
    """
    extras = [{k: extra[k] for k in ("key", "value")} for extra in dataset.metadata["extras"]]
    fields = {
        **{key: dataset.metadata.get(key) or "" for key in _TEXT_FIELDS},
        "name": mark["name"],
        "owner_org": owner_org,
        "license_id": license_id,
        "private": False,
        "state": "active",
        "tags": _name_each(clean_tags(t["name"] for t in dataset.metadata["tags"])),
        "extras": extras,
        **({"groups": _name_each(groups)} if groups else {}),
    }
    manifest = mark | {
        "metadata": dataset.state.metadata_sha256,
        "files": {file.key: file.hashes[1] for file in dataset.files},
        "written": _hash_written(fields, {file.key: file.metadata for file in dataset.files}),
    }
    fields["extras"] = [*extras, write_manifest(manifest)]
    return WantedEntry(mark["name"], fields, dataset.files)


def write_manifest(manifest: Entry) -> Entry:
    """Return the extra in which our mark stands."""
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


def read_state(found: FoundEntry) -> DatasetState:
    """Return what a CKAN holds as it compares with what is to be published.

    A description that was changed by hand has no hash; a resource that was added by hand has its
    id for a key.
    """
    manifest: Entry = {"files": {}} | (read_manifest(found.package) or {})
    keys = {name_resource(found.package, key): key for key in manifest["files"]}
    ours = {keys[one]: resource for one, resource in found.resources.items() if one in keys}
    others = [extra for extra in found.package.get("extras", []) if extra["key"] != MANIFEST]
    written = _hash_written(found.package | {"extras": others}, ours)
    name = manifest.get("name", found.package["name"])
    untouched = (manifest.get("written"), name) == (written, found.package["name"])
    described = manifest["files"] if untouched else {}
    return DatasetState(
        metadata_sha256=manifest["metadata"] if untouched else "",
        files={
            keys.get(one, one): (found.hashes[one], described.get(keys.get(one), ""))
            for one in found.resources
        },
    )


def revise(
    wanted: WantedEntry, found: FoundEntry, own_groups: frozenset[str]
) -> tuple[Entry, Files] | None:
    """Return the one ``package_revise`` that makes a CKAN hold a dataset, or None where it does.

    Only changed fields and the bytes of changed files go into it. It is refused if the dataset has
    changed since it was looked at.

    Args:
        wanted: What it is to hold.
        found: What it holds.
        own_groups: Names of the groups that we may put datasets into.

    Returns:
        Its arguments, and the files that go with it.
    """
    package, resources = found.package, found.resources
    changed = _compare_fields(_add_groups(wanted.fields, package, own_groups), package)
    ids = {name_resource(package, file.key): file for file in wanted.files}
    update: Entry = {}
    files = {}
    new = []
    for one, file in ids.items():
        described = _describe_resource(file.metadata)
        fields = _compare_fields(described, resources.get(one, {}))
        if found.hashes.get(one) != file.sha256:
            fields["hash"] = f"sha256:{file.sha256}"
            upload = (file.key, file.content, described["mimetype"])
            files[f"update__resources__{one}__upload"] = upload
        if one not in resources:
            new.append({"id": one, **fields})
        elif fields:
            update[f"update__resources__{one}"] = fields
    gone = [f"-resources__{one}" for one in resources if one not in ids]
    if not (changed or update or new or gone):
        return None
    # A list is replaced only if it is taken out first; otherwise its items are merged by place.
    replaced = [f"-{name}" for name in _LIST_FIELDS if name in changed]
    if new:
        update["update__resources__extend"] = new
    arguments = _match(package, own_groups, changed, [*replaced, *gone]) | update
    return (_as_text(arguments) if files else arguments), files


def hide(package: Entry, own_groups: frozenset[str]) -> Entry:
    """Return the arguments of the ``package_revise`` that takes a dataset out of public view."""
    return _match(package, own_groups, {"private": True})


def empty(package: Entry, own_groups: frozenset[str], words: Entry) -> Entry:
    """Return the arguments of the ``package_revise`` that leaves words alone of a dataset."""
    gone = [f"-resources__{one['id']}" for one in package["resources"]]
    return _match(package, own_groups, words, ["-extras", *gone])


def _match(
    package: Entry, own_groups: frozenset[str], update: Entry, left_out: Iterable[str] = ()
) -> Entry:
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
    names = sorted(wanted | held & own_groups)
    others = {name: value for name, value in fields.items() if name != "groups"}
    return others | ({"groups": [{"name": n} for n in names]} if wanted - held else {})


def _as_text(arguments: Entry) -> Entry:
    """Write lists and mappings as JSON, as CKAN wants them beside files."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in arguments.items()
    }


def _describe_resource(metadata: Entry) -> Entry:
    return {name: metadata.get(name) or "" for name in _RESOURCE_FIELDS}


def _compare_fields(wanted: Entry, held: Entry) -> Entry:
    return {
        name: value
        for name, value in wanted.items()
        if _plain(name, held.get(name)) != _plain(name, value)
    }


def _plain(name: str, value: Any) -> Any:
    """Return a value in a form in which what CKAN made of it compares with what was sent."""
    if name in ("tags", "groups"):
        return sorted(item["name"] for item in value or ())
    if name == "extras":
        return sorted((item["key"], item["value"]) for item in value or ())
    if name == "format":
        return str(value or "").casefold()
    return value or ""


def _hash_written(fields: Entry, files: Mapping[str, Entry]) -> str:
    names = (*_TEXT_FIELDS, "license_id", "tags", "extras")
    return hash_entry(
        {
            "dataset": {name: _plain(name, fields.get(name)) for name in names},
            "files": {
                key: {name: _plain(name, one.get(name)) for name in _RESOURCE_FIELDS}
                for key, one in files.items()
            },
        }
    )
