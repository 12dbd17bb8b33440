"""Talking to a CKAN, as its settings say: what an answer means, and what to do when there is none.

An answer that leaves open whether the call was carried out (a timeout, a dropped connection,
5xx, 408, 429) raises `UncertainError`: the caller looks at the site before doing anything else.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from ckanapi import NotAuthorized, NotFound, RemoteCKAN, ValidationError
from ckanapi.errors import CKANAPIError
from pydantic import Field as Described
from pydantic import (
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)
from requests.auth import HTTPBasicAuth

from sumida_data import __version__
from sumida_data.base.metadata import Model, Row
from sumida_data.catalogue.target import Entry, TargetError
from sumida_data.packages.models import FREQUENCIES

Files = Mapping[str, tuple[str, bytes, str]]
T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_USER_AGENT = f"sumida-data/{__version__} (open data publisher)"
_LONGEST_WAIT = 60
_LONGEST_QUOTE = 300
_LICENSES = {"CC-BY-4.0": ("CC-BY-4.0", "cc-by-4.0", "cc-by")}
# What only the office can mend; asking again would change nothing.
_UNREACHABLE = {
    requests.exceptions.SSLError: "CKANの証明書を確かめられません。庁内の証明書を環境変数 "
    "REQUESTS_CA_BUNDLE に指定してください。",
    requests.exceptions.ProxyError: "プロキシを通れません。環境変数 HTTPS_PROXY と NO_PROXY を"
    "確かめてください。",
    requests.exceptions.InvalidURL: "CKANの住所(url)が正しくありません。",
}
_NO_SUCH_HOST = ("NameResolution", "getaddrinfo", "Name or service", "nodename")


class CkanSettings(Model):
    """Settings of a CKAN target; ``conf/ckan/catalog.yml`` says what each is for."""

    url: str = ""
    token: SecretStr = SecretStr("")
    basic_auth: SecretStr = SecretStr("")  # user:password of a server before the site
    organization: str = ""
    name_prefix: str = Described(default="", pattern=r"^[a-z0-9_-]*$")
    project: str = "sumida-data"
    group: str = "c029"
    licenses: Mapping[str, tuple[str, ...]] = _LICENSES
    update_frequencies: tuple[str, ...] = tuple(FREQUENCIES)
    datastore: bool = True
    max_file_bytes: PositiveInt = 10 * 1024 * 1024
    timeout: PositiveFloat = 120
    longest_call: PositiveFloat = 900
    # Seconds before an uncertain call is looked into; doubled each time.
    backoff: NonNegativeFloat = 1
    attempts: PositiveInt = 6

    @model_validator(mode="before")
    @classmethod
    def _choose_prefix(cls, settings: Row) -> Row:
        # Others use names such as staff-training too; ours begin with a name of our own.
        whose = settings.get("organization")
        return ({"name_prefix": f"{whose}-"} if whose else {}) | settings

    @field_validator("url")
    @classmethod
    def _refuse_other_addresses(cls, url: str) -> str:
        url = re.sub(r"/api(/[13])?(/action)?/?$", "", url.rstrip("/"))
        parts = urlsplit(url)
        if url and not (parts.hostname and parts.scheme in ("http", "https")):
            raise ValueError("http(s):// で始まる住所を書いてください")
        if parts.username or parts.password:
            raise ValueError("住所に利用者名とパスワードを書かず、basic_auth に書いてください")
        return url

    @field_validator("token")
    @classmethod
    def _refuse_placeholder(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", token.get_secret_value()):
            raise ValueError("APIトークンは英数字です。CKANの画面で作ったものに置き換えてください")
        return token


class UncertainError(Exception):
    """It is uncertain whether the call was carried out; the text says why, in Japanese."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class CkanSite(RemoteCKAN):  # type: ignore[misc]  # it has no types
    """One CKAN, as the publisher or, where ``anonymous``, as the public sees it.

    Its methods raise an UncertainError if a call may or may not have been carried out, and a
    TargetError, which says why and what to do, if it was refused.
    """

    def __init__(self, settings: CkanSettings, *, anonymous: bool = False) -> None:
        self._settings = settings
        token = None if anonymous else settings.token.get_secret_value()
        super().__init__(settings.url.rstrip("/"), token, _USER_AGENT, session=requests.Session())
        self.session.headers["User-Agent"] = _USER_AGENT
        user, _, password = settings.basic_auth.get_secret_value().partition(":")
        # What is given here, if only nothing, keeps out what a .netrc would put in its place; a
        # store elsewhere is sent neither this nor the token.
        sign, host = HTTPBasicAuth(user, password), urlsplit(self.address).hostname
        self.session.auth = lambda asked: (
            sign(asked) if user and urlsplit(asked.url).hostname == host else asked
        )

    def call(self, action: str, arguments: Mapping[str, Any], files: Files | None = None) -> Any:
        """Call an action once and return its result."""
        _LOG.debug("%s %s", action, sorted(files or ()))
        name = arguments.get("name") or arguments.get("id")
        start = f"データセット {name}: " if name else ""
        try:
            return self.call_action(
                action,
                dict(arguments),
                files=files and dict(files),
                requests_kwargs={"timeout": self._settings.timeout},
            )
        except NotAuthorized as error:
            raise TargetError(
                f"CKANが {action} を許可しませんでした(403)。トークンの期限が切れたか、"
                f"利用者が組織 {self._settings.organization} の編集者でないか、ほかの組織の"
                "データセットです。トークンと権限、名前を確かめてください。"
                f"{start}CKANの答え: {str(error)[:_LONGEST_QUOTE]}"
            ) from error
        except ValidationError as error:
            raise _explain_refusal(action, start, error.error_dict) from error
        except NotFound as error:
            raise UncertainError(f"{action} の相手がCKANにありません(404)") from error
        except CKANAPIError as error:
            answer = str(error)[:_LONGEST_QUOTE]
            raise TargetError(f"CKANが {action} を断りました。{answer}") from error

    def find(self, action: str, arguments: Mapping[str, Any]) -> Any:
        """Call an action once and return its result, or None where there is nothing to see."""
        try:
            return self.call(action, arguments)
        except (UncertainError, TargetError) as error:
            hidden = self.apikey is None and isinstance(error.__cause__, NotAuthorized)
            if hidden or isinstance(error.__cause__, NotFound):
                return None
            raise

    def show(self, name: str) -> Entry | None:
        """Return a dataset by its id or name."""
        package: Entry | None = self.find("package_show", {"id": name})
        return package if package and package["state"] != "deleted" else None

    def look_into(self, package: Entry) -> Entry:
        """Return a dataset with the hashes of the bytes that can be downloaded, as ``sha256``."""
        found = [one | {"sha256": self._hash_file(one)} for one in package["resources"]]
        return package | {"resources": found}

    def _hash_file(self, resource: Entry) -> str:
        if resource.get("url_type") != "upload":
            return ""
        url = resource["url"]
        if self.apikey:
            # The public reads it from where CKAN says, we from the site that the token is for.
            path = "dataset/{package_id}/resource/{id}/download/".format_map(resource)
            url = f"{self.address}/{path}{url.rpartition('/')[2]}"
        options = {"timeout": self._settings.timeout}
        # Where a server before the site wants a password, that takes the place of the first.
        token = dict.fromkeys(("Authorization", "X-CKAN-API-Key"), self.apikey)
        answer = self._ask("GET", url, headers=token, **options)
        if answer.is_redirect:
            # To a store elsewhere, which the token does not concern.
            answer = self._ask("GET", urljoin(url, answer.headers["Location"]), **options)
        self._judge(answer)
        status, kind = answer.status_code, answer.headers.get("Content-Type", "")
        if status == requests.codes.not_found:
            return ""
        if status != requests.codes.ok or "html" in kind:
            # What was not seen has not changed.
            raise UncertainError(
                f"公開中のファイル {resource['id']} を読めませんでした({status} {kind})。"
                "前にある防御装置(WAF)などが止めていないか確かめてください"
            )
        return hashlib.sha256(answer.content).hexdigest()

    def persist(self, step: Callable[..., T], *arguments: Any) -> T:
        """Repeat a step that looks before it acts until its outcome is certain, or give up."""
        wait, attempts = self._settings.backoff, self._settings.attempts
        for attempt in range(1, attempts + 1):
            try:
                return step(*arguments)
            except UncertainError as error:
                _LOG.info("%s", error)
                if attempt == attempts:
                    raise TargetError(
                        f"CKANの返事が確かでないまま{attempt}回試しました。{error}。"
                        "CKANの管理者に様子を聞いてから、同じ操作をもう一度行ってください。"
                        "途中まで送ったものは、次に確かめて直します。"
                    ) from error
                time.sleep(min(wait if error.wait is None else error.wait, _LONGEST_WAIT))
                wait *= 2
        raise AssertionError  # attempts is positive

    def ask(self, action: str, **arguments: Any) -> Any:
        """Call an action that changes nothing until there is a certain answer, and return it."""
        return self.persist(self.call, action, arguments)

    def _request_fn(
        self, url: str, data: Any, headers: Any, files: Any, requests_kwargs: Any
    ) -> tuple[int, str]:
        answer = self._ask("POST", url, data=data, headers=headers, files=files, **requests_kwargs)
        self._judge(answer)
        return answer.status_code, answer.text

    def _ask(self, method: str, url: str, **options: Any) -> requests.Response:
        """Ask and wait for the whole answer, but not for one that only drips."""
        answers: SimpleQueue[requests.Response | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.session.request(method, url, allow_redirects=False, **options))
            except Exception as error:  # it is raised by who waits
                answers.put(error)

        Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=self._settings.longest_call)
        except Empty:
            seconds = f"{self._settings.longest_call:g}秒"
            raise UncertainError(f"CKANの返事が{seconds}たっても終わりません") from None
        if isinstance(answer, requests.RequestException):
            raise _explain_silence(answer) from answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _judge(self, answer: requests.Response) -> None:
        """Conclude from status and kind of an answer what CKAN itself did not say."""
        status, headers = answer.status_code, answer.headers
        if status == requests.codes.unauthorized:
            raise TargetError(
                "CKANの前にあるサーバーが利用者名とパスワードを求めています(401)。"
                "管理者に聞き、credentials.yml の basic_auth に「利用者名:パスワード」を"
                "書いてください。"
            )
        if answer.is_redirect:
            parts = urlsplit(headers["Location"])
            host = parts.netloc.rpartition("@")[2]
            raise TargetError(
                f"CKANが別の住所 {parts.scheme}://{host}{parts.path} を案内しました({status})。"
                "トークンはそこへ送っていません。url を正しい住所に直してください。"
            )
        if status in (408, 429) or status >= 500:
            seconds = re.fullmatch(r"\d+", headers.get("Retry-After", ""))
            wait = float(seconds[0]) if seconds else None
            raise UncertainError(f"CKANが {status} を返しました", wait)
        if status == requests.codes.request_entity_too_large:
            raise TargetError(
                "送るファイルが大きすぎて断られました(413)。CKANの前にあるサーバーの上限を"
                "管理者に聞き、max_file_bytes に書いてください。"
            )
        if "html" in headers.get("Content-Type", "") and answer.request.method == "POST":
            raise TargetError(
                f"CKANではなく、その前にある防御装置(WAF)などのページが返りました({status})。"
                f"管理者に、User-Agent が {_USER_AGENT!r} のアクセスを通すよう頼んでください。"
            )


def _explain_silence(error: requests.RequestException) -> Exception:
    """Return a TargetError for what only the office can mend; no URL is quoted."""
    for kind, text in _UNREACHABLE.items():
        if isinstance(error, kind):
            return TargetError(text)
    if any(sign in str(error) for sign in _NO_SUCH_HOST):
        return TargetError(
            "CKANの住所(url)の名前が見つかりません。つづりと、庁内のDNSやプロキシ(HTTPS_PROXY)を"
            "確かめてください。"
        )
    return UncertainError(f"CKANとの通信が途切れました({type(error).__name__})")


def _explain_refusal(action: str, start: str, problems: Mapping[str, Any]) -> Exception:
    if "match" in problems:
        return UncertainError("ほかの人が同じデータセットを先に変えました")
    if "name" in problems:
        return UncertainError(
            f"{start}その名前は使えないか、見えないデータセットが使っています。"
            "name_prefix で別の名前にしてください"
        )
    given = {key: value for key, value in problems.items() if key != "__type"}
    text = json.dumps(given, ensure_ascii=False)
    if "too large" in text or "upload" in given:
        return TargetError(
            f"ファイルが大きすぎるか、受け付けられない種類です(409)。CKANの答え: {text}"
        )
    return TargetError(f"CKANが {action} の内容を受け付けませんでした(409)。CKANの答え: {text}")
