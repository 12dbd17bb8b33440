"""A dataset in the words of a CKAN, and what must be written to bring one there in line.

Who published what is kept in one extra of the dataset, ``sumida_manifest``: hashes of the
descriptions as they were published, and of the description as it was written, so that a change by
hand is seen. Ids of resources follow from the id that the CKAN gave the dataset and from the key of
the file; they and the addresses stay whatever is published, and nothing can stand there twice.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from sumida_data.catalogue.ckan.site import Files
from sumida_data.catalogue.target import Dataset, DatasetState, Entry, FileState, hash_entry

MANIFEST = "sumida_manifest"
FREQUENCY = "更新頻度"

_TEXT_FIELDS = ("title", "notes", "url", "version", "maintainer")
_LIST_FIELDS = ("tags", "extras", "groups")
_RESOURCE_FIELDS = ("name", "description", "format", "mimetype")


@dataclass(frozen=True)
class Upload:
    """A file as a CKAN is to hold it.

    Attributes:
        key: Its path within the dataset, which becomes its file name.
        fields: Its description.
        content: Its bytes.
        sha256: Their hash.
    """

    key: str
    fields: Entry
    content: bytes
    sha256: str


@dataclass(frozen=True)
class Wanted:
    """A dataset as a CKAN is to hold it.

    Attributes:
        name: Its name there.
        fields: Its description, with the manifest among its extras.
        uploads: Its files.
    """

    name: str
    fields: Entry
    uploads: tuple[Upload, ...]


@dataclass(frozen=True)
class Found:
    """A dataset as it stands in a CKAN.

    Attributes:
        package: What ``package_show`` says.
        hashes: Hashes of the bytes that can be downloaded, by id of the resource.
    """

    package: Entry
    hashes: Mapping[str, str]

    def resource_id(self, key: str) -> str:
        """Return the id of the resource for a file."""
        return str(uuid5(UUID(self.package["id"]), key))

    @property
    def resources(self) -> dict[str, Entry]:
        """The resources by id."""
        return {resource["id"]: resource for resource in self.package["resources"]}


@dataclass(frozen=True)
class Revision:
    """One ``package_revise``.

    Attributes:
        arguments: Its arguments.
        files: The files that go with it.
    """

    arguments: Entry
    files: Files = field(default_factory=dict)


def describe(dataset: Dataset, name: str, license_id: str, groups: Iterable[str]) -> Wanted:
    """Put a dataset into the words of a CKAN.

    Args:
        dataset: The dataset.
        name: Its name there.
        license_id: The id under which the site knows its licence.
        groups: Names of the groups that it shall belong to.
    """
    uploads = tuple(
        Upload(
            file.key,
            {key: file.metadata.get(key) or "" for key in _RESOURCE_FIELDS},
            file.content,
            file.sha256,
        )
        for file in dataset.files
    )
    extras = [{k: extra[k] for k in ("key", "value")} for extra in dataset.metadata["extras"]]
    fields = {
        **{key: dataset.metadata.get(key) or "" for key in _TEXT_FIELDS},
        "license_id": license_id,
        "private": False,
        "tags": [{"name": tag} for tag in clean_tags(t["name"] for t in dataset.metadata["tags"])],
        "extras": extras,
        **({"groups": [{"name": group} for group in groups]} if groups else {}),
    }
    manifest = {
        "metadata": dataset.metadata_sha256,
        "files": {file.key: file.metadata_sha256 for file in dataset.files},
        "written": _hash_written(fields, {upload.key: upload.fields for upload in uploads}),
    }
    text = json.dumps(manifest, sort_keys=True)
    fields["extras"] = [*extras, {"key": MANIFEST, "value": text}]
    return Wanted(name, fields, uploads)


def clean_tags(words: Iterable[str]) -> list[str]:
    """Return words as tags that CKAN accepts: letters, digits, spaces and - _ . only."""
    cleaned = (re.sub(r"\s+", " ", re.sub(r"[^\w .-]", " ", word)).strip()[:100] for word in words)
    return list(dict.fromkeys(word for word in cleaned if len(word) >= 2))


def read_manifest(package: Entry) -> Entry | None:
    """Return what the last publication left in a dataset, or None where it is none of ours."""
    for extra in package.get("extras", []):
        if extra["key"] == MANIFEST:
            manifest: Entry = json.loads(extra["value"])
            return manifest
    return None


def read_state(found: Found) -> DatasetState:
    """Return what stands in a CKAN as it compares with what is to be published.

    A description that was changed by hand has no hash; a resource that was added by hand has its
    id for a key.
    """
    manifest = read_manifest(found.package) or {"files": {}}
    keys = {found.resource_id(key): key for key in manifest["files"]}
    described = {keys.get(one): resource for one, resource in found.resources.items()}
    untouched = manifest.get("written") == _hash_written(
        _without_manifest(found.package),
        {key: resource for key, resource in described.items() if key in manifest["files"]},
    )
    return DatasetState(
        metadata_sha256=manifest["metadata"] if untouched else "",
        files={
            keys.get(one, one): FileState(
                sha256=found.hashes[one],
                metadata_sha256=manifest["files"].get(keys.get(one), "") if untouched else "",
                resource_id=one,
            )
            for one in found.resources
        },
    )


def revise(wanted: Wanted, found: Found, own_groups: frozenset[str]) -> Revision | None:
    """Return the one call that makes a CKAN hold a dataset, or None where it does.

    Only changed fields and the bytes of changed files go into it. It is refused if the dataset has
    changed since it was looked at.

    Args:
        wanted: What it is to hold.
        found: What it holds.
        own_groups: Names of the groups that we may put datasets into.
    """
    package, resources = found.package, found.resources
    changed = _compare_fields(_add_groups(wanted.fields, package, own_groups), package)
    ids = {found.resource_id(upload.key): upload for upload in wanted.uploads}
    update: Entry = {}
    files = {}
    new = []
    for one, upload in ids.items():
        standing = resources.get(one)
        fields = _compare_fields(upload.fields, standing or {})
        if found.hashes.get(one) != upload.sha256:
            fields["hash"] = f"sha256:{upload.sha256}"
            files[f"update__resources__{one}__upload"] = (
                upload.key,
                upload.content,
                upload.fields["mimetype"],
            )
        if standing is None:
            new.append({"id": one, **fields})
        elif fields:
            update[f"update__resources__{one}"] = fields
    gone = [f"-resources__{one}" for one in resources if one not in ids]
    if not (changed or update or new or gone):
        return None
    # A list is replaced only if it is taken out first; otherwise its items are merged by place.
    replaced = [f"-{name}" for name in _LIST_FIELDS if name in changed]
    arguments = {
        "match__id": package["id"],
        "match__metadata_modified": package["metadata_modified"],
        "filter": ",".join([*_leave_groups(package, own_groups), *replaced, *gone]),
        "update": changed,
        **({"update__resources__extend": new} if new else {}),
        **update,
    }
    return Revision(_as_text(arguments) if files else arguments, files)


def hide(package: Entry, own_groups: frozenset[str]) -> Revision:
    """Return the call that takes a dataset out of public view."""
    return Revision(
        {
            "match__id": package["id"],
            "match__metadata_modified": package["metadata_modified"],
            "filter": ",".join(_leave_groups(package, own_groups)),
            "update": {"private": True},
        }
    )


def _add_groups(fields: Entry, package: Entry, own_groups: frozenset[str]) -> Entry:
    """Ask for groups only where one is missing, beside those of ours that are there."""
    wanted = {group["name"] for group in fields.get("groups", ())}
    standing = {group["name"] for group in package["groups"]}
    names = sorted(wanted | standing & own_groups)
    others = {name: value for name, value in fields.items() if name != "groups"}
    return others | ({"groups": [{"name": n} for n in names]} if wanted - standing else {})


def _leave_groups(package: Entry, own_groups: frozenset[str]) -> list[str]:
    """Leave unsaid the groups that others chose: CKAN keeps them, but would refuse us for them."""
    return [f"-groups__{one['id']}" for one in package["groups"] if one["name"] not in own_groups]


def _as_text(arguments: Entry) -> Entry:
    """Write lists and mappings as JSON, as CKAN wants them beside files."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in arguments.items()
    }


def _compare_fields(wanted: Entry, standing: Entry) -> Entry:
    return {
        name: value
        for name, value in wanted.items()
        if _plain(name, standing.get(name)) != _plain(name, value)
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


def _without_manifest(package: Entry) -> Entry:
    extras = [extra for extra in package.get("extras", []) if extra["key"] != MANIFEST]
    return package | {"extras": extras}


def _hash_written(fields: Entry, files: Mapping[Any, Entry]) -> str:
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
