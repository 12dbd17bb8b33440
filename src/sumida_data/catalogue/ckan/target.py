"""A CKAN as a public target, read before and after every write and written no more than needed.

A dataset is created private, and one ``package_revise`` brings files and description and makes it
public. The bytes that can be downloaded decide what is sent, not what was noted about them; so a
file that a failed call has replaced, or somebody by hand, is found and put right.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sumida_data.catalogue.ckan.checks import Readiness, check_content, check_site, choose_license
from sumida_data.catalogue.ckan.entries import (
    MANIFEST,
    Found,
    Wanted,
    describe,
    hide,
    read_manifest,
    read_state,
    revise,
)
from sumida_data.catalogue.ckan.settings import CkanSettings
from sumida_data.catalogue.ckan.site import Site, UncertainError
from sumida_data.catalogue.ckan.tables import Table, compare_table, fill, read_tables
from sumida_data.catalogue.target import (
    Catalogue,
    Change,
    Dataset,
    DatasetState,
    Entry,
    TargetError,
)

_LOG = logging.getLogger(__name__)
_MOST = 1000


@dataclass
class CkanTarget:
    """A CKAN.

    Attributes:
        settings: Which CKAN, as whom, and by which of its habits.
        previous: Returns the catalogue before the last publication, for undo.
        name: Name of the target.
    """

    settings: CkanSettings
    previous: Callable[[], Catalogue]
    name: str = "ckan"

    @property
    def accepts_sample(self) -> bool:
        """Whether invented data may go there: only where nobody else sees it."""
        return self.settings.on_loopback

    @cached_property
    def site(self) -> Site:
        """The site, as the publisher."""
        return Site(self.settings)

    @cached_property
    def ready(self) -> Readiness:
        """What the site said when it was asked whether all is ready."""
        return check_site(self.site, self.settings)

    def read(self) -> dict[str, DatasetState]:
        """Return our public datasets by name, from what can be downloaded.

        Raises:
            TargetError: If the site cannot be read or is not ready.
        """
        return {
            self._own_name(package): read_state(
                Found(package, self.site.persist(self._hash, self.site, package))
            )
            for package in self._list()
        }

    def read_pages(self) -> None:
        """Say that a CKAN makes its own pages."""

    def apply(self, catalogue: Catalogue, changes: Sequence[Change]) -> None:
        """Publish what changes, one call for each dataset, and fill the DataStore.

        Raises:
            TargetError: If the content or the site is not ready, which is found before anything is
                sent, or if the site refuses.
        """
        tables = {one.name: read_tables(one) for one in catalogue.datasets}
        problems = check_content(
            catalogue, [t for ts in tables.values() for t in ts], self.settings
        )
        if problems:
            raise TargetError("\n".join(problems))
        wanted = {one.name: self._describe(one) for one in catalogue.datasets}
        touched = {change.dataset for change in changes if change.action != "keep"}
        for name in sorted(touched):
            if name in wanted:
                self._publish(wanted[name])
            elif name not in catalogue.blocked:
                self._hide(name)
        for name, one in wanted.items():
            self._finish(one, tables[name], new=_has_new_file(changes, name))

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read everything back as the public sees it and return what differs, in Japanese."""
        public = Site(self.settings, anonymous=True)
        differences = [line for one in catalogue.datasets for line in self._verify(public, one)]
        names = {one.name for one in catalogue.datasets} | set(catalogue.blocked)
        return differences + [
            f"データセット {package['name']}: 公開をやめたはずですが、公開されています。"
            for package in self._list()
            if self._own_name(package) not in names
        ]

    def undo(self) -> None:
        """Put the catalogue before the last publication back.

        A dataset that it did not hold is made private, so that its address comes back with it.

        Raises:
            TargetError: If there is none, or the site refuses.
        """
        catalogue = self.previous()
        names = {one.name for one in catalogue.datasets} | set(map(self._own_name, self._list()))
        self.apply(catalogue, [Change("update", name) for name in sorted(names)])

    def _name(self, name: str) -> str:
        return f"{self.settings.name_prefix}{name}"

    def _own_name(self, package: Entry) -> str:
        name: str = package["name"]
        return name.removeprefix(self.settings.name_prefix)

    def _describe(self, dataset: Dataset) -> Wanted:
        license_id = choose_license(dataset.metadata["license_id"], self.settings, self.ready)
        groups = self.ready.groups & {self.settings.group}
        return describe(dataset, self._name(dataset.name), license_id, groups)

    def _list(self) -> list[Entry]:
        """Return our public datasets; the search finds them, the database says what they hold."""
        organization = self.ready.organization_id
        arguments = {
            "fq": f'+owner_org:"{organization}" +extras_{MANIFEST}:*',
            "rows": _MOST,
            "sort": "name asc",
        }
        found = self.site.persist(self.site.call, "package_search", arguments)["results"]
        shown = (self.site.persist(self._show, self.site, one["id"]) for one in found)
        return [
            package
            for package in shown
            if package
            and not package["private"]
            and package["name"].startswith(self.settings.name_prefix)
            and read_manifest(package)
        ]

    def _show(self, site: Site, name: str) -> Entry | None:
        package: Entry | None = site.find("package_show", {"id": name})
        return package if package and package["state"] != "deleted" else None

    def _hash(self, site: Site, package: Entry) -> Mapping[str, str]:
        return {one["id"]: site.hash_file(one) for one in package["resources"]}

    def _publish(self, wanted: Wanted) -> None:
        """Bring a dataset in line; returns only when it has been seen to be."""

        def step() -> None:
            package = self._show(self.site, wanted.name) or self._create(wanted)
            found = Found(package, self._hash(self.site, package))
            revision = revise(wanted, found, self.ready.groups)
            if revision:
                self.site.call("package_revise", revision.arguments, revision.files)
                raise UncertainError("書いたものがまだ確かめられていません", wait=0)

        _LOG.info("データセット %s を公開します。", wanted.name)
        self.site.persist(step)

    def _create(self, wanted: Wanted) -> Entry:
        package: Entry = self.site.call(
            "package_create",
            {
                "name": wanted.name,
                "title": wanted.fields["title"],
                "owner_org": self.ready.organization_id,
                "private": True,
            },
        )
        return package

    def _hide(self, name: str) -> None:
        def step() -> None:
            package = self._show(self.site, self._name(name))
            if package and not package["private"]:
                self.site.call("package_revise", hide(package, self.ready.groups).arguments)

        _LOG.info("データセット %s の公開をやめます。", name)
        self.site.persist(step)

    def _finish(self, wanted: Wanted, tables: Sequence[Table], *, new: bool) -> None:
        """Do what CKAN does not do with the files itself: tables, and views of new files."""
        package = self.site.persist(self._show, self.site, wanted.name)
        if package is None:
            return
        ids = [Found(package, {}).resource_id(table.key) for table in tables]
        for one, table in zip(ids, tables, strict=True) if self.ready.datastore else ():
            self.site.persist(fill, self.site, one, table)
        # A kill before this step leaves tables without a view, and nothing new to tell of it.
        if new or not all(self.site.persist(self._list_views, one) for one in ids):
            self.site.persist(self._add_views, wanted.name)

    def _list_views(self, resource_id: str) -> list[Entry]:
        views: list[Entry] = self.site.call("resource_view_list", {"id": resource_id})
        return views

    def _add_views(self, name: str) -> None:
        """Add the views that a file uploaded alone gets by itself; CKAN adds none twice."""
        package = self._show(self.site, name)
        for of_tables in (False, True):
            arguments = {"package": package, "create_datastore_views": of_tables}
            self.site.call("package_create_default_resource_views", arguments)

    def _verify(self, public: Site, dataset: Dataset) -> list[str]:
        package = public.persist(self._show, public, self._name(dataset.name))
        if package is None:
            return [f"データセット {dataset.name}: 公開されていません。"]
        found = Found(package, public.persist(self._hash, public, package))
        state = read_state(found)
        differences = list(_compare_state(dataset, state))
        if not differences and self.ready.datastore:
            for table in read_tables(dataset):
                one = found.resource_id(table.key)
                differences += public.persist(compare_table, public, one, table)
        return differences


def _has_new_file(changes: Sequence[Change], name: str) -> bool:
    return any(one.dataset == name and one.file and one.action == "create" for one in changes)


def _compare_state(dataset: Dataset, state: DatasetState) -> Sequence[str]:
    differences = []
    if state.metadata_sha256 != dataset.metadata_sha256:
        differences.append(f"データセット {dataset.name}: 説明が承認されたものと違います。")
    wanted = {file.key: file for file in dataset.files}
    for key in sorted(wanted.keys() | state.files.keys()):
        start = f"データセット {dataset.name}: {key} "
        file, standing = wanted.get(key), state.files.get(key)
        if file is None:
            differences.append(f"{start}は承認されていないのにあります。")
        elif standing is None:
            differences.append(f"{start}がありません。")
        elif standing.sha256 != file.sha256:
            differences.append(f"{start}の中身が承認されたものと違います。")
    return differences
