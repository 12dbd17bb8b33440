"""What can be known before anything is sent: is the site ready, is the content acceptable."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sumida_data.catalogue.ckan.entries import FREQUENCY
from sumida_data.catalogue.ckan.settings import CkanSettings
from sumida_data.catalogue.ckan.site import Site
from sumida_data.catalogue.ckan.tables import Table
from sumida_data.catalogue.target import Catalogue, Dataset, TargetError

_OLDEST = (2, 10)
_RESERVED = {"new", "edit", "search", "groups", "activity", "followers"}
# They fill the DataStore themselves after every upload and would get in our way.
_LOADERS = {"xloader", "datapusher", "datapusher_plus"}
_NEEDED = {
    "url": "CKANの住所(url)がありません。{} か、環境変数 CKAN_URL に書いてください。",
    "token": "APIトークン(token)がありません。{} か、環境変数 CKAN_API_TOKEN に書いてください。",
}
_CREDENTIALS = "conf/ckan/credentials.yml"


@dataclass(frozen=True)
class Readiness:
    """What a site said when it was asked whether all is ready.

    Attributes:
        organization_id: Id of the organisation.
        licenses: Ids of the licences that it knows.
        groups: Names of the groups that we may put datasets into.
        datastore: Whether its DataStore is ours to fill.
    """

    organization_id: str
    licenses: frozenset[str]
    groups: frozenset[str]
    datastore: bool


def check_site(site: Site, settings: CkanSettings) -> Readiness:
    """Ask a site whether all is ready, without writing anything.

    Raises:
        TargetError: If anything is missing; all that is missing is told at once.
    """
    given = {"url": settings.url, "token": settings.token.get_secret_value()}
    missing = [text.format(_CREDENTIALS) for name, text in _NEEDED.items() if not given[name]]
    if missing:
        raise TargetError("\n".join(missing))
    status = _ask(site, "status_show")
    problems = [*_check_version(str(status["ckan_version"])), *_check_user(site)]
    organizations = {
        one["name"]: one["id"]
        for one in _ask(site, "organization_list_for_user", permission="create_dataset")
    }
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


def check_content(
    catalogue: Catalogue, tables: Sequence[Table], settings: CkanSettings
) -> list[str]:
    """Return what a CKAN would refuse or spoil, in Japanese, one line each."""
    if catalogue.sample and not settings.on_loopback:
        return ["見本データは公開のCKANへ送れません。本物の回答で計算し直してください。"]
    problems = [line for one in catalogue.datasets for line in _check_dataset(one, settings)]
    return problems + [line for table in tables for line in table.find_problems()]


def _check_version(version: str) -> Iterator[str]:
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        yield f"CKAN {version} には対応していません。2.10以後が必要です。"


def _check_user(site: Site) -> Iterator[str]:
    # Without an id the token's own user is shown; a token that is not valid has none.
    user = site.persist(site.find, "user_show", {})
    if user is None:
        yield "APIトークンが無効です(期限切れか写し間違い)。CKANの自分の画面で作り直してください。"
    elif user.get("sysadmin"):
        yield (
            f"{user['name']} は全体の管理者です。誤りがほかの組織へ及ばないよう、"
            "組織の編集者のトークンを使ってください。"
        )


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


def _ask(site: Site, action: str, **arguments: str) -> Any:
    return site.persist(site.call, action, arguments)
