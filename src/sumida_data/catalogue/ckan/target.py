"""A CKAN as a public target, read before and after every write and written no more than needed.

A dataset is created private, and one ``package_revise`` brings files and description and makes it
public. The bytes that can be downloaded decide what is sent, not what was noted about them; so a
file that a failed call has replaced, or somebody by hand, is found and put right.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sumida_data.catalogue.ckan.entries import (
    FREQUENCY,
    MANIFEST,
    FoundEntry,
    WantedEntry,
    describe,
    empty,
    hide,
    name_resource,
    read_manifest,
    read_state,
    revise,
    write_manifest,
)
from sumida_data.catalogue.ckan.site import CkanSettings, CkanSite, UncertainError
from sumida_data.catalogue.ckan.tables import DatastoreTable, compare_table, fill, read_tables
from sumida_data.catalogue.target import (
    Catalogue,
    Dataset,
    DatasetState,
    Entry,
    TargetChange,
    TargetError,
    TargetState,
)

_LOG = logging.getLogger(__name__)
_MOST = 1000
_OLDEST = (2, 10)
_RESERVED = {"new", "edit", "search", "groups", "activity", "followers"}
# They fill the DataStore themselves after every upload and would get in our way.
_LOADERS = {"xloader", "datapusher", "datapusher_plus"}
_WITHDRAWN = "このデータは取り下げました。お手元に写しがあるときは、使わずに消してください。"
_MISSING = "{}がありません。conf/ckan/credentials.yml か、環境変数 {} に書いてください。"


def open_target(record: str | Path, **settings: Any) -> "CkanTarget":
    """Return the CKAN that settings describe.

    Args:
        record: The record of the target, of which a CKAN needs nothing.
        settings: The attributes of `CkanSettings`.

    Raises:
        TargetError: If a setting is not known or not allowed.
    """
    del record
    try:
        return CkanTarget(CkanSettings.model_validate(settings))
    except ValidationError as error:
        told = [(one["loc"][0], one.get("ctx", {}).get("error", "")) for one in error.errors()]
        places, why = "、".join(str(place) for place, _ in told), "。".join(str(w) for _, w in told)
        # The error itself would quote the token.
        raise TargetError(f"conf/ckan の設定 {places} が正しくありません。{why}") from None


@dataclass(frozen=True)
class Readiness:
    """What a site said when it was asked whether all is ready.

    Attributes:
        licenses: Ids of the licences that it knows.
        groups: Names of the groups that we may put datasets into.
        datastore: Whether its DataStore is ours to fill.
    """

    organization_id: str
    licenses: frozenset[str]
    groups: frozenset[str]
    datastore: bool


@dataclass
class CkanTarget:
    """A CKAN."""

    settings: CkanSettings
    name: str = "ckan"

    @property
    def accepts_sample(self) -> bool:
        """Whether invented data may go there: only where nobody else sees it."""
        return self.settings.on_loopback

    @cached_property
    def site(self) -> CkanSite:
        """The site, as the publisher."""
        return CkanSite(self.settings)

    @cached_property
    def ready(self) -> Readiness:
        """What the site said when it was asked whether all is ready."""
        return check_site(self.site, self.settings)

    def observe(self, day: date) -> TargetState:
        """Look at our datasets, public or not, and at the names that others have.

        Raises:
            TargetError: If the site cannot be read or is not ready.
        """
        ours, prefix = self._list(), self.settings.name_prefix
        entries = {name: package for name, package in ours.items() if _is_public(package)}
        known = {package["name"] for package in ours.values()}
        in_organization = {one["name"] for one in self._search("")} - known
        elsewhere = set(_ask(self.site, "package_list")) - in_organization - known
        return TargetState(
            self.name,
            self.accepts_sample,
            day,
            {name: read_state(_look_into(self.site, package)) for name, package in entries.items()},
            pages=None,
            hidden=frozenset(ours.keys() - entries.keys()),
            others=frozenset(
                name.removeprefix(prefix) for name in in_organization if name.startswith(prefix)
            ),
            find_problems=partial(self._find_problems, elsewhere=elsewhere),
        )

    def _find_problems(self, catalogue: Catalogue, elsewhere: Set[str]) -> list[str]:
        """Return what the site would refuse of a catalogue, in Japanese."""
        problems = list(_check_content(catalogue, self.settings))
        for dataset in catalogue.datasets:
            if (name := f"{self.settings.name_prefix}{dataset.name}") in elsewhere:
                problems.append(
                    f"データセット {name}: ほかの組織が使っている名前です。"
                    "name_prefix で別の名前にしてください。"
                )
            try:
                choose_license(dataset.metadata["license_id"], self.settings, self.ready)
            except TargetError as error:
                problems.append(str(error))
        return list(dict.fromkeys(problems))

    def apply(self, catalogue: Catalogue, changes: Sequence[TargetChange]) -> None:
        """Publish what changes, one call for each dataset, and fill the DataStore.

        Raises:
            TargetError: If the content or the site is not ready, which is found before anything is
                sent, or if the site refuses.
        """
        if problems := list(_check_content(catalogue, self.settings)):
            raise TargetError("\n".join(problems))
        wanted = {one.name: self._describe(one) for one in catalogue.datasets}
        adopted = {change.dataset for change in changes if change.action == "adopt"}
        ours = {name: package["id"] for name, package in self._list().items()}
        for name in sorted({change.dataset for change in changes if change.action != "keep"}):
            if name in wanted:
                place = ours.get(name, wanted[name].name)
                self._publish(wanted[name], place, adopt=name in adopted)
            elif name in catalogue.withdrawn and name in ours:
                self._take_down(name, ours[name])
            elif name in ours and name not in catalogue.blocked:
                self._hide(name, ours[name])
        new = {one.dataset for one in changes if one.file and one.action == "create"}
        for dataset in catalogue.datasets:
            self._finish(wanted[dataset.name], read_tables(dataset), new=dataset.name in new)

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read everything back as the public sees it and return what differs, in Japanese."""
        public = CkanSite(self.settings, anonymous=True)
        differences = [line for one in catalogue.datasets for line in self._verify(public, one)]
        names = {one.name for one in catalogue.datasets} | set(catalogue.blocked)
        return differences + [
            f"データセット {package['name']}: 公開をやめたはずですが、公開されています。"
            for name, package in self._list().items()
            if name not in names and _is_public(package)
        ]

    def undo(self, catalogue: Catalogue) -> None:
        """Put back a catalogue that was public before.

        A dataset that it did not hold is made private, so that its address comes back with it.

        Raises:
            TargetError: If the site refuses.
        """
        names = {one.name for one in catalogue.datasets} | self._list().keys()
        self.apply(catalogue, [TargetChange("update", name) for name in sorted(names)])

    def _mark(self, name: str) -> Entry:
        return {"project": self.settings.project, "name": f"{self.settings.name_prefix}{name}"}

    def _describe(self, dataset: Dataset) -> WantedEntry:
        license_id = choose_license(dataset.metadata["license_id"], self.settings, self.ready)
        groups = self.ready.groups & {self.settings.group}
        owner, mark = self.ready.organization_id, self._mark(dataset.name)
        return describe(dataset, mark, owner, license_id, groups)

    def _search(self, terms: str) -> list[Entry]:
        """Return what the search finds of our organisation, public or not."""
        found: list[Entry] = []
        arguments = {
            "fq": f'+owner_org:"{self.ready.organization_id}" {terms}',
            "include_private": True,
            "include_drafts": True,
            "rows": _MOST,
            "sort": "name asc",
        }
        while True:
            page = arguments | {"start": len(found)}
            results = self.site.persist(self.site.call, "package_search", page)["results"]
            found += results
            if len(results) < _MOST:
                return found

    def _list(self) -> dict[str, Entry]:
        """Return our datasets by name; the search finds them, the database says what they hold."""
        found = self._search(f"+extras_{MANIFEST}:*")
        shown = (self.site.persist(_show, self.site, one["id"]) for one in found)
        named = ((self._own_name(package), package) for package in shown if package)
        return {name: package for name, package in named if name}

    def _own_name(self, package: Entry) -> str:
        """Return the name under which we know a dataset, whatever it is called; or nothing."""
        if not any(one["key"] == MANIFEST for one in package.get("extras", ())):
            return ""
        # Where somebody spoilt our mark, the name still tells.
        manifest = read_manifest(package) or {}
        name: str = manifest.get("name") or package["name"]
        prefix, project = self.settings.name_prefix, self.settings.project
        ours = manifest.get("project", project) == project and name.startswith(prefix)
        return name.removeprefix(prefix) if ours else ""

    def _publish(self, wanted: WantedEntry, place: str, *, adopt: bool) -> None:
        """Bring a dataset in line; returns only when it has been seen to be.

        Args:
            wanted: What it is to be.
            place: Its id, or its name where we have none yet.
            adopt: Whether it may be another one's.
        """

        def step() -> None:
            package = _show(self.site, place) or self._create(wanted)
            if not adopt and not self._own_name(package):
                raise TargetError(
                    f"データセット {wanted.name}: 公開先にほかの人のデータセットがあります。"
                    "上書きしていません。name_prefix で別の名前にするか、もう一度 kedro run を"
                    "実行し、承認者が引き継ぐと決めてください(sumida-data approve --adopt)。"
                )
            found = FoundEntry(package, _hash_files(self.site, package))
            if revision := revise(wanted, found, self.ready.groups):
                self.site.call("package_revise", *revision)
                raise UncertainError("書いたものがまだ確かめられていません", wait=0)

        _LOG.info("データセット %s を公開します。", wanted.name)
        self.site.persist(step)

    def _create(self, wanted: WantedEntry) -> Entry:
        mark = {"project": self.settings.project, "name": wanted.name}
        package: Entry = self.site.call(
            "package_create",
            {
                "name": wanted.name,
                "title": wanted.fields["title"],
                "owner_org": self.ready.organization_id,
                "private": True,
                "extras": [write_manifest(mark)],
            },
        )
        return package

    def _take_down(self, name: str, place: str) -> None:
        """Remove every file of a dataset, and leave a page that says so."""

        def step() -> None:
            package = _show(self.site, place)
            if package and package["resources"]:
                mark = write_manifest(self._mark(name) | {"files": {}, "withdrawn": True})
                words = {"notes": _WITHDRAWN, "extras": [mark]}
                self.site.call("package_revise", empty(package, self.ready.groups, words))
                raise UncertainError("書いたものがまだ確かめられていません", wait=0)

        _LOG.info("データセット %s を取り下げます。", name)
        self.site.persist(step)

    def _hide(self, name: str, place: str) -> None:
        def step() -> None:
            package = _show(self.site, place)
            if package and not package["private"]:
                self.site.call("package_revise", hide(package, self.ready.groups))

        _LOG.info("データセット %s の公開をやめます。", name)
        self.site.persist(step)

    def _finish(self, wanted: WantedEntry, tables: Sequence[DatastoreTable], *, new: bool) -> None:
        """Do what CKAN does not do with the files itself: tables, and views of new files."""
        package = self.site.persist(_show, self.site, wanted.name)
        if package is None:
            return
        ids = [name_resource(package, table.key) for table in tables]
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
        package = _show(self.site, name)
        for of_tables in (False, True):
            arguments = {"package": package, "create_datastore_views": of_tables}
            self.site.call("package_create_default_resource_views", arguments)

    def _verify(self, public: CkanSite, dataset: Dataset) -> list[str]:
        start = f"データセット {dataset.name}"
        package = public.persist(_show, public, self._mark(dataset.name)["name"])
        if package is None:
            return [f"{start}: 公開されていません。"]
        state = read_state(_look_into(public, package))
        differences = list(_compare_state(dataset, state))
        if package["owner_org"] != self.ready.organization_id:
            differences.append(f"{start}: 別の組織に移されています。")
        groups = {group["name"] for group in package["groups"]}
        if gone := self.ready.groups & {self.settings.group} - groups:
            differences.append(f"{start}: グループ {'、'.join(gone)} から外されています。")
        if not differences and self.ready.datastore:
            for table in read_tables(dataset):
                one = name_resource(package, table.key)
                differences += public.persist(compare_table, public, one, table)
                if not public.persist(public.call, "resource_view_list", {"id": one}):
                    differences.append(f"{start}: {table.key} の表の画面(ビュー)がありません。")
        return differences


def _is_public(package: Entry) -> bool:
    withdrawn = (read_manifest(package) or {}).get("withdrawn")
    return not package["private"] and package["state"] == "active" and not withdrawn


def _show(site: CkanSite, name: str) -> Entry | None:
    package: Entry | None = site.find("package_show", {"id": name})
    return package if package and package["state"] != "deleted" else None


def _hash_files(site: CkanSite, package: Entry) -> Mapping[str, str]:
    return {one["id"]: site.hash_file(one) for one in package["resources"]}


def _look_into(site: CkanSite, package: Entry) -> FoundEntry:
    return FoundEntry(package, site.persist(_hash_files, site, package))


def _compare_state(dataset: Dataset, state: DatasetState) -> Iterator[str]:
    wanted = dataset.state
    if state.metadata_sha256 != wanted.metadata_sha256:
        yield f"データセット {dataset.name}: 説明が承認されたものと違います。"
    for key in sorted(wanted.files.keys() | state.files.keys()):
        start = f"データセット {dataset.name}: {key} "
        if key not in wanted.files:
            yield f"{start}は承認されていないのにあります。"
        elif key not in state.files:
            yield f"{start}がありません。"
        elif state.files[key][0] != wanted.files[key][0]:
            yield f"{start}の中身が承認されたものと違います。"


def check_site(site: CkanSite, settings: CkanSettings) -> Readiness:
    """Ask a site whether all is ready, without writing anything.

    Raises:
        TargetError: If anything is missing; all that is missing is named at once.
    """
    needed = [
        (settings.url, "CKANの住所(url)", "CKAN_URL"),
        (settings.token.get_secret_value(), "APIトークン(token)", "CKAN_API_TOKEN"),
    ]
    if missing := [_MISSING.format(*names) for value, *names in needed if not value]:
        raise TargetError("\n".join(missing))
    status = _ask(site, "status_show")
    organizations = {
        one["name"]: one["id"]
        for one in _ask(site, "organization_list_for_user", permission="create_dataset")
    }
    problems = [*_check_version(str(status["ckan_version"])), *_check_user(site)]
    if settings.organization not in organizations:
        problems.append(
            f"この利用者は組織 {settings.organization} にデータセットを作れません"
            f"(作れる組織: {'、'.join(sorted(organizations)) or 'なし'})。"
            "組織の名前を確かめ、管理者に編集者(editor)としての登録を頼んでください。"
        )
    if problems:
        raise TargetError("\n".join(problems))
    extensions = set(status["extensions"])
    return Readiness(
        organization_id=organizations[settings.organization],
        licenses=frozenset(one["id"] for one in _ask(site, "license_list")),
        groups=frozenset(group["name"] for group in _ask(site, "group_list_authz")),
        datastore=settings.datastore and "datastore" in extensions and not extensions & _LOADERS,
    )


def choose_license(name: str, settings: CkanSettings, ready: Readiness) -> str:
    """Return the id under which a site knows a licence.

    Raises:
        TargetError: If it knows none of those that would do.
    """
    candidates = settings.licenses.get(name, (name,))
    for candidate in candidates:
        if candidate in ready.licenses:
            return candidate
    raise TargetError(
        f"このCKANはライセンス {name} を知りません(試した名前: {'、'.join(candidates)}、"
        f"使える名前: {'、'.join(sorted(ready.licenses))})。licenses に対応を書いてください。"
    )


def _check_version(version: str) -> Iterator[str]:
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        yield f"CKAN {version} には対応していません。2.10以後が必要です。"


def _check_user(site: CkanSite) -> Iterator[str]:
    # Without an id the token's own user is shown; a token that is not valid has none.
    user = site.persist(site.find, "user_show", {})
    if user is None:
        yield "APIトークンが無効です(期限切れか写し間違い)。CKANの自分の画面で作り直してください。"
    elif user.get("sysadmin"):
        yield (
            f"{user['name']} は全体の管理者です。誤りがほかの組織へ及ばないよう、"
            "組織の編集者のトークンを使ってください。"
        )


def _check_content(catalogue: Catalogue, settings: CkanSettings) -> Iterator[str]:
    """Yield what a CKAN would refuse or spoil, in Japanese, one line each."""
    if catalogue.sample and not settings.on_loopback:
        yield "見本データは公開のCKANへ送れません。本物の回答で計算し直してください。"
        return
    for dataset in catalogue.datasets:
        yield from _check_dataset(dataset, settings)
        for table in read_tables(dataset):
            yield from table.find_problems()


def _check_dataset(dataset: Dataset, settings: CkanSettings) -> Iterator[str]:
    name = f"{settings.name_prefix}{dataset.name}"
    if not re.fullmatch(r"[a-z0-9_-]{2,100}", name) or name in _RESERVED:
        yield f"データセット {name}: 名前は英小文字・数字・-・_ の2〜100文字にしてください。"
    for extra in dataset.metadata["extras"]:
        if extra["key"] == FREQUENCY and extra["value"] not in settings.update_frequencies:
            yield (
                f"データセット {name}: 更新頻度 {extra['value']} は使えません。"
                f"{'、'.join(settings.update_frequencies)} から選んでください。"
            )
    for file in dataset.files:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", file.key):
            yield f"データセット {name}: ファイル名 {file.key} には英数字と . _ - だけ使えます。"
        if len(file.content) > settings.max_file_bytes:
            yield (
                f"データセット {name}: {file.key} は {len(file.content):,} バイトで、"
                f"上限 {settings.max_file_bytes:,} バイト(max_file_bytes)を超えます。"
            )


def _ask(site: CkanSite, action: str, **arguments: str) -> Any:
    return site.persist(site.call, action, arguments)
