"""A CKAN as a public target, read before and after every write and written no more than needed.

A dataset is created private, and one ``package_revise`` brings files and description and makes it
public. The bytes that can be downloaded decide what is sent, not what was noted about them; so a
file that was replaced by a failed call, or by hand, is found and put right.

Beside the newest files there is one ZIP for each version, at an address that stays.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from sumida_data.catalogue.ckan import entries
from sumida_data.catalogue.ckan.entries import Revision
from sumida_data.catalogue.ckan.site import CkanSettings, CkanSite, UncertainError
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import (
    Catalogue,
    Dataset,
    Entry,
    TargetError,
    TargetState,
    describe_differences,
    is_on_this_machine,
)

_LOG = logging.getLogger(__name__)
_MOST = 1000
_OLDEST = (2, 10)
_RESERVED = {"new", "edit", "search", "groups", "activity", "followers"}
# They fill the DataStore themselves after every upload and would get in our way.
_LOADERS = {"xloader", "datapusher", "datapusher_plus"}
_FREQUENCY = "更新頻度"
_WITHDRAWN = "このデータは取り下げました。お手元に写しがあるときは、使わずに消してください。"
_MISSING = "{}がありません。conf/ckan/credentials.yml か、環境変数 {} に書いてください。"


def open_target(record: str | Path, **settings: Any) -> "CkanTarget":
    """Return the CKAN that settings, the attributes of `CkanSettings`, describe.

    Its record has the earlier versions. A TargetError names a setting not known or not allowed.
    """
    try:
        return CkanTarget(CkanSettings.model_validate(settings), TargetRecord(Path(record)))
    except ValidationError as error:
        places = "、".join(str(one["loc"][0]) for one in error.errors())
        why = "。".join(str(one.get("ctx", {}).get("error", "")) for one in error.errors())
        # The error itself would quote the token.
        raise TargetError(f"conf/ckan の設定 {places} が正しくありません。{why}") from None


class Readiness(NamedTuple):
    """What a site said when it was asked whether all is ready."""

    organization_id: str
    licenses: frozenset[str]  # ids
    groups: frozenset[str]  # names of those that we may put datasets into
    datastore: bool  # is ours to fill


@dataclass
class CkanTarget:
    """A CKAN; what cannot be read or written, or is not ready, raises a TargetError."""

    settings: CkanSettings
    record: TargetRecord
    name: str = "ckan"

    @property
    def accepts_sample(self) -> bool:
        """Whether invented data may go there: only on this machine."""
        return bool(self.settings.url) and is_on_this_machine(self.settings.url)

    @cached_property
    def site(self) -> CkanSite:
        """The site, as the publisher."""
        return CkanSite(self.settings)

    @cached_property
    def ready(self) -> Readiness:
        """What the site said when it was asked; a TargetError names all at once that is missing."""
        settings, ask = self.settings, self.site.ask
        needed = [
            (settings.url, "CKANの住所(url)", "CKAN_URL"),
            (settings.token.get_secret_value(), "APIトークン(token)", "CKAN_API_TOKEN"),
        ]
        if missing := [_MISSING.format(*names) for value, *names in needed if not value]:
            raise TargetError("\n".join(missing))
        status = ask("status_show")
        allowed = ask("organization_list_for_user", permission="create_dataset")
        organizations = {one["name"]: one["id"] for one in allowed}
        problems = [*_check_user(self.site, settings.organization, sorted(organizations))]
        problems += _check_version(str(status["ckan_version"]))
        if problems:
            raise TargetError("\n".join(problems))
        extensions = set(status["extensions"])
        return Readiness(
            organization_id=organizations[settings.organization],
            licenses=frozenset(one["id"] for one in ask("license_list")),
            groups=frozenset(group["name"] for group in ask("group_list_authz")),
            datastore=settings.datastore
            and "datastore" in extensions
            and not extensions & _LOADERS,
        )

    def observe(self, day: date) -> TargetState:
        """Look at our datasets, public or not, and at the names that others have."""
        ours, prefix = self._list(), self.settings.name_prefix
        shown = {name: package for name, package in ours.items() if _is_public(package)}
        known = {package["name"] for package in ours.values()}
        in_organization = {one["name"] for one in self._search("")} - known
        elsewhere = set(self.site.ask("package_list")) - in_organization - known
        look = partial(self.site.persist, self.site.look_into)
        return TargetState(
            self.name,
            self.accepts_sample,
            day,
            {name: entries.read_newest(look(package)) for name, package in shown.items()},
            pages=None,
            hidden=frozenset(ours.keys() - shown.keys()),
            others=frozenset(
                name.removeprefix(prefix) for name in in_organization if name.startswith(prefix)
            ),
            find_problems=partial(self._find_problems, elsewhere=elsewhere),
        )

    def _find_problems(self, catalogue: Catalogue, elsewhere: Set[str]) -> list[str]:
        """Return what the site would refuse of a catalogue, in Japanese."""
        problems = [*self._check_content(self._add_versions(catalogue, ""))]
        for dataset in catalogue.datasets:
            if entries.read_address(dataset).startswith(f"{self.site.address}/dataset/"):
                problems.append(
                    "packages.yml: catalogue_url がこのCKANを指しています。版ごとの住所はCKANには"
                    "ありません。フォルダの公開先の住所を書いてください。"
                )
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

    def _check_content(self, catalogue: Catalogue) -> Iterator[str]:
        """Yield what a CKAN would refuse or spoil, in Japanese, one line each."""
        if catalogue.sample and not self.accepts_sample:
            yield "見本データは公開のCKANへ送れません。本物の回答で計算し直してください。"
            return
        for dataset in catalogue.datasets:
            name = f"{self.settings.name_prefix}{dataset.name}"
            found = _check_dataset(name, dataset, self.settings)
            yield from (f"データセット {name}: {one}" for one in found)
            for table in entries.read_tables(dataset):
                yield from table.find_problems()

    def apply(
        self, catalogue: Catalogue, content_of: str = "", adopts: Collection[str] = ()
    ) -> None:
        """Publish what differs, one call for each dataset, and fill the DataStore."""
        catalogue = self._add_versions(catalogue, content_of)
        if problems := [*self._check_content(catalogue)]:
            raise TargetError("\n".join(problems))
        wanted = [(self._describe(one), one) for one in catalogue.datasets]
        ours = self._list()
        for fields, dataset in wanted:
            self._publish(fields, dataset, ours.get(dataset.name), adopt=dataset.name in adopts)
        for name in sorted(ours.keys() - catalogue.states.keys() - set(catalogue.blocked)):
            withdrawn = name in catalogue.withdrawn
            if withdrawn or _is_public(ours[name]):
                self._remove(name, ours[name]["id"], withdrawn=withdrawn)
        for dataset in catalogue.datasets:
            self._finish(dataset, ours.get(dataset.name))

    def verify(self, catalogue: Catalogue, content_of: str = "") -> list[str]:
        """Read everything back as the public sees it and return what differs, in Japanese."""
        catalogue = self._add_versions(catalogue, content_of)
        public = CkanSite(self.settings, anonymous=True)
        differences = [line for one in catalogue.datasets for line in self._verify(public, one)]
        names = {one.name for one in catalogue.datasets} | set(catalogue.blocked)
        return differences + [
            f"データセット {package['name']}: 公開をやめたはずですが、公開されています。"
            for name, package in self._list().items()
            if name not in names and _is_public(package)
        ]

    def _add_versions(self, catalogue: Catalogue, content_of: str) -> Catalogue:
        """Return a catalogue with a ZIP of each version among the files of its datasets.

        The versions are those on which a publication builds, and that of the catalogue. One that
        was taken down for good says so at its address.
        """
        record, gone = self.record, self.record.list_withdrawn(catalogue.withdrawn)
        known = record.list_versions(record.list_content(content_of), catalogue.withdrawn)
        datasets = []
        for one in catalogue.datasets:
            versions = {
                version: {key: record.read_content(sha256) for key, sha256 in hashes.items()}
                for version, hashes in known.get(one.name, {}).items()
            }
            versions[one.version] = {file.key: file.content for file in one.files}
            notes = {taken: {"README.md": _WITHDRAWN.encode()} for taken in gone.get(one.name, ())}
            packed = starmap(partial(entries.pack_version, one.name), (notes | versions).items())
            datasets.append(replace(one, files=(*one.files, *packed)))
        return replace(catalogue, datasets=tuple(datasets))

    def _mark(self, name: str) -> Entry:
        return {"project": self.settings.project, "name": f"{self.settings.name_prefix}{name}"}

    def _describe(self, dataset: Dataset) -> Entry:
        license_id = choose_license(dataset.metadata["license_id"], self.settings, self.ready)
        groups, owner = self.ready.groups & {self.settings.group}, self.ready.organization_id
        mark = self._mark(dataset.name)
        return entries.describe(dataset, mark, groups, owner_org=owner, license_id=license_id)

    def _search(self, terms: str) -> list[Entry]:
        """Return what the search finds of our organisation, public or not."""
        asked: Entry = {
            "fq": f'+owner_org:"{self.ready.organization_id}" {terms}',
            "sort": "name asc",
        }
        asked |= {"include_private": True, "include_drafts": True, "rows": _MOST}
        found: list[Entry] = []
        while True:
            results = self.site.ask("package_search", **asked, start=len(found))["results"]
            found += results
            if len(results) < _MOST:
                return found

    def _list(self) -> dict[str, Entry]:
        """Return our datasets by name; the search finds them, the database says what they hold."""
        found = self._search(f"+extras_{entries.MANIFEST}:*")
        shown = (self.site.persist(self.site.show, one["id"]) for one in found)
        named = ((self._own_name(package), package) for package in shown if package)
        return {name: package for name, package in named if name}

    def _own_name(self, package: Entry) -> str:
        """Return the name under which we know a dataset, whatever it is called; or nothing."""
        if not any(one["key"] == entries.MANIFEST for one in package.get("extras", ())):
            return ""
        # Where our mark was damaged, the name identifies it.
        manifest = entries.read_manifest(package) or {}
        name: str = manifest.get("name") or package["name"]
        prefix, project = self.settings.name_prefix, self.settings.project
        ours = manifest.get("project", project) == project and name.startswith(prefix)
        return name.removeprefix(prefix) if ours else ""

    def _bring(self, place: str, look: Callable[[Entry | None], Revision | None]) -> None:
        """Look at a dataset by id or name and revise it until nothing is seen to be revised."""

        def step() -> None:
            if revision := look(self.site.show(place)):
                self.site.call("package_revise", *revision)
                raise UncertainError("書いたものがまだ確かめられていません", wait=0)

        self.site.persist(step)

    def _publish(
        self, fields: Entry, dataset: Dataset, before: Entry | None, *, adopt: bool
    ) -> None:
        def look(package: Entry | None) -> Revision | None:
            if package is None:
                mark = entries.write_manifest(self._mark(dataset.name))
                known = {"name": fields["name"], "title": fields["title"], "private": True}
                owner = {"owner_org": self.ready.organization_id, "extras": [mark]}
                package = self.site.call("package_create", known | owner)
            if not adopt and not self._own_name(package):
                raise TargetError(
                    f"データセット {fields['name']}: 公開先にほかの人のデータセットがあります。"
                    "上書きしていません。name_prefix で別の名前にするか、もう一度 kedro run を"
                    "実行し、承認者が引き継ぐと決めてください(sumida-data approve --adopt)。"
                )
            seen = self.site.look_into(package)
            revision = entries.revise(fields, dataset, seen, self.ready.groups)
            if revision:
                _LOG.info("データセット %s を公開します。", fields["name"])
            return revision

        self._bring(before["id"] if before else fields["name"], look)

    def _remove(self, name: str, place: str, *, withdrawn: bool) -> None:
        """Take a dataset out of public view; what is withdrawn leaves a page without files."""

        def look(package: Entry | None) -> Revision | None:
            if not package or not (package["resources"] if withdrawn else not package["private"]):
                return None
            update: Entry = {"private": True}
            gone: list[str] = []
            if withdrawn:
                mark = entries.write_manifest(self._mark(name) | {"files": {}, "withdrawn": True})
                update = {"notes": _WITHDRAWN, "extras": [mark]}
                gone = ["-extras", *(f"-resources__{one['id']}" for one in package["resources"])]
            return entries.match(package, self.ready.groups, update, gone), {}

        done = "を取り下げます。" if withdrawn else "の公開をやめます。"
        _LOG.info("データセット %s %s", name, done)
        self._bring(place, look)

    def _finish(self, dataset: Dataset, before: Entry | None) -> None:
        """Do what CKAN does not do with the files itself: tables, and views of new files."""
        site, name = self.site, self._mark(dataset.name)["name"]
        _LOG.info("データセット %s の表を確かめ、違えば送ります。", name)
        package = site.persist(site.show, name)
        if package is None:
            return
        ids = []
        for table in entries.read_tables(dataset):
            ids.append(entries.name_resource(package, table.key))
            if self.ready.datastore:
                site.persist(entries.fill, site, ids[-1], table)
        # A kill before this step leaves tables without a view, and no new resource.
        held = {one["id"] for one in before["resources"]} if before else set()
        new = {one["id"] for one in package["resources"]} - held
        if new or not all(site.ask("resource_view_list", id=one) for one in ids):
            site.persist(self._add_views, name)

    def _add_views(self, name: str) -> None:
        """Add the views that a file uploaded alone gets by itself; CKAN adds none twice."""
        # For groups that others chose we would be refused.
        package = (self.site.show(name) or {}) | {"groups": []}
        for of_tables in (False, True):
            arguments = {"package": package, "create_datastore_views": of_tables}
            self.site.call("package_create_default_resource_views", arguments)

    def _verify(self, public: CkanSite, dataset: Dataset) -> Iterator[str]:
        start = f"データセット {dataset.name}: "
        package = public.persist(public.show, self._mark(dataset.name)["name"])
        if package is None:
            yield f"{start}公開されていません。"
            return
        wanted, held = dataset.state, entries.read_state(public.persist(public.look_into, package))
        differences = ["説明が公開したものと違います。"] * (
            held.metadata_sha256 != wanted.metadata_sha256
        )
        differences += describe_differences(wanted.file_hashes, held.file_hashes)
        if package["owner_org"] != self.ready.organization_id:
            differences.append("別の組織に移されています。")
        groups = {group["name"] for group in package["groups"]}
        if gone := self.ready.groups & {self.settings.group} - groups:
            differences.append(f"グループ {'、'.join(gone)} から外されています。")
        yield from (start + one for one in differences)
        if differences or not self.ready.datastore:
            return
        for table in entries.read_tables(dataset):
            one = entries.name_resource(package, table.key)
            yield from public.persist(entries.compare_table, public, one, table)
            if not public.ask("resource_view_list", id=one):
                yield f"{start}{table.key} の表の画面(ビュー)がありません。"


def _is_public(package: Entry) -> bool:
    withdrawn = (entries.read_manifest(package) or {}).get("withdrawn")
    return not package["private"] and package["state"] == "active" and not withdrawn


def choose_license(name: str, settings: CkanSettings, ready: Readiness) -> str:
    """Return the id under which a site knows a licence; a TargetError says that it knows none."""
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


def _check_user(site: CkanSite, wanted: str, allowed: Sequence[str]) -> Iterator[str]:
    # Without an id the token's own user is shown; a token that is not valid has none.
    user = site.persist(site.find, "user_show", {})
    if user is None:
        yield "APIトークンが無効です(期限切れか写し間違い)。CKANの自分の画面で作り直してください。"
    elif user.get("sysadmin"):
        yield (
            f"{user['name']} は全体の管理者です。誤りがほかの組織へ及ばないよう、"
            "組織の編集者のトークンを使ってください。"
        )
    if wanted not in allowed:
        yield (
            f"この利用者は組織 {wanted} にデータセットを作れません"
            f"(作れる組織: {'、'.join(allowed) or 'なし'})。"
            "組織の名前を確かめ、管理者に編集者(editor)としての登録を頼んでください。"
        )


def _check_dataset(name: str, dataset: Dataset, settings: CkanSettings) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9_-]{2,100}", name) or name in _RESERVED:
        yield "名前は英小文字・数字・-・_ の2〜100文字にしてください。"
    for extra in dataset.metadata["extras"]:
        if extra["key"] == _FREQUENCY and extra["value"] not in settings.update_frequencies:
            allowed = "、".join(settings.update_frequencies)
            yield f"更新頻度 {extra['value']} は使えません。{allowed} から選んでください。"
    for file in dataset.files:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", file.key):
            yield f"ファイル名 {file.key} には英数字と . _ - だけ使えます。"
        if (size := len(file.content)) > settings.max_file_bytes:
            most = f"上限 {settings.max_file_bytes:,} バイト(max_file_bytes)"
            yield f"{file.key} は {size:,} バイトで、{most}を超えます。"
