"""Talking to a CKAN: what an answer means, and what to do when there is none.

An answer that leaves open whether the call was carried out (a timeout, a dropped connection,
5xx, 408, 429) raises `UncertainError`: the caller looks at the site before doing anything else.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urljoin

import requests
from ckanapi import NotAuthorized, NotFound, RemoteCKAN, ValidationError
from ckanapi.errors import CKANAPIError

from sumida_data import __version__
from sumida_data.catalogue.ckan.settings import CkanSettings
from sumida_data.catalogue.target import Entry, TargetError

Files = Mapping[str, tuple[str, bytes, str]]
P = ParamSpec("P")
T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_USER_AGENT = f"sumida-data/{__version__} (open data publisher)"
_UNCERTAIN = {408, 429}
# Keys of a 409: the dataset has changed since it was looked at, or its name has been taken.
_OVERTAKEN = {"match", "name"}
_LONGEST_WAIT = 60
_LONGEST_QUOTE = 300
_CHUNK = 1 << 20


class UncertainError(Exception):
    """Nobody knows whether the call was carried out; the text says why, in Japanese."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Site(RemoteCKAN):  # type: ignore[misc]  # it has no types
    """One CKAN.

    Args:
        settings: Where and as whom.
        anonymous: Look at it as the public does.
    """

    def __init__(self, settings: CkanSettings, *, anonymous: bool = False) -> None:
        self._settings = settings
        token = None if anonymous else settings.token.get_secret_value()
        super().__init__(settings.url.rstrip("/"), token, _USER_AGENT, session=requests.Session())
        self.session.headers["User-Agent"] = _USER_AGENT

    def call(self, action: str, arguments: Mapping[str, Any], files: Files | None = None) -> Any:
        """Call an action once and return its result.

        Raises:
            UncertainError: If nobody knows whether it was carried out.
            TargetError: If it was refused; the text says why and what to do.
        """
        _LOG.debug("%s %s", action, sorted(files or ()))
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
                f"利用者が組織 {self._settings.organization} の編集者ではありません。"
                "新しいトークンを作り、編集者であることを確かめてください。"
                f"CKANの答え: {_quote(error)}"
            ) from error
        except ValidationError as error:
            if _OVERTAKEN & error.error_dict.keys():
                raise UncertainError("ほかの人が同じデータセットを先に変えました") from error
            raise TargetError(_explain(action, error.error_dict)) from error
        except NotFound as error:
            raise UncertainError(f"{action} の相手がCKANにありません(404)") from error
        except CKANAPIError as error:
            raise TargetError(
                f"CKANが {action} を断りました。{str(error)[:_LONGEST_QUOTE]}"
            ) from error

    def find(self, action: str, arguments: Mapping[str, Any]) -> Any:
        """Call an action once and return its result, or None where there is nothing to see.

        Raises:
            UncertainError: If there was no certain answer.
            TargetError: If it was refused; the text says why and what to do.
        """
        try:
            return self.call(action, arguments)
        except (UncertainError, TargetError) as error:
            hidden = self.apikey is None and isinstance(error.__cause__, NotAuthorized)
            if hidden or isinstance(error.__cause__, NotFound):
                return None
            raise

    def hash_file(self, resource: Entry) -> str:
        """Return the SHA-256 of the file of a resource, or nothing where there is none.

        The public reads it from where CKAN says that it is, the publisher from the same site that
        the token is for.

        Raises:
            UncertainError: If the bytes did not arrive whole.
        """
        if resource.get("url_type") != "upload":
            return ""
        url = resource["url"]
        if self.apikey:
            path = "dataset/{package_id}/resource/{id}/download/".format_map(resource)
            url = f"{self.address}/{path}{url.rpartition('/')[2]}"
        return self._hash_download(url)

    def _hash_download(self, url: str) -> str:
        answer = self._get(url, {"Authorization": self.apikey} if self.apikey else {})
        if answer.is_redirect:
            # To a store elsewhere, which the token does not concern.
            answer = self._get(urljoin(url, answer.headers["Location"]), {})
        self._judge(answer)
        if answer.status_code != requests.codes.ok:
            return ""
        digest = hashlib.sha256()
        try:
            for chunk in answer.iter_content(_CHUNK):
                digest.update(chunk)
        except requests.RequestException as error:
            raise UncertainError(f"ファイルを読み終えられませんでした({error})") from error
        return digest.hexdigest()

    def persist(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Repeat a step that looks before it acts until its outcome is certain.

        Raises:
            TargetError: If it never is.
        """
        wait = self._settings.backoff
        for attempt in range(1, self._settings.attempts + 1):
            try:
                return step(*args, **kwargs)
            except UncertainError as error:
                _LOG.info("%s", error)
                if attempt == self._settings.attempts:
                    raise TargetError(
                        f"CKANの返事が確かでないまま{attempt}回試しました。{error}。"
                        "CKANの管理者に様子を聞いてから、同じ操作をもう一度行ってください。"
                        "途中まで送ったものは、次に確かめて直します。"
                    ) from error
                time.sleep(min(wait if error.wait is None else error.wait, _LONGEST_WAIT))
                wait *= 2
        raise AssertionError  # attempts is positive

    def _request_fn(
        self, url: str, data: Any, headers: Any, files: Any, requests_kwargs: Any
    ) -> tuple[int, str]:
        try:
            answer = self.session.post(
                url,
                data=data,
                headers=headers,
                files=files,
                allow_redirects=False,
                **requests_kwargs,
            )
        except requests.RequestException as error:
            raise UncertainError(f"CKANとの通信が途切れました({type(error).__name__})") from error
        self._judge(answer)
        return answer.status_code, answer.text

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            answer: requests.Response = self.session.get(
                url,
                headers=headers,
                timeout=self._settings.timeout,
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UncertainError(f"CKANとの通信が途切れました({type(error).__name__})") from error
        return answer

    def _judge(self, answer: requests.Response) -> None:
        """Tell from status and kind of an answer what CKAN itself did not say."""
        status = answer.status_code
        if answer.is_redirect:
            raise TargetError(
                f"CKANが別の住所 {answer.headers['Location']} を案内しました({status})。"
                "トークンはそこへ送っていません。url を正しい住所に直してください。"
            )
        if status in _UNCERTAIN or status >= 500:
            raise UncertainError(f"CKANが {status} を返しました", _read_wait(answer))
        if status == requests.codes.request_entity_too_large:
            raise TargetError(
                "送るファイルが大きすぎて断られました(413)。CKANの前にあるサーバーの上限を"
                "管理者に聞き、max_file_bytes に書いてください。"
            )
        html = "html" in answer.headers.get("Content-Type", "")
        if html and answer.request.method == "POST":
            raise TargetError(
                f"CKANではなく、その前にある防御装置(WAF)などのページが返りました({status})。"
                f"管理者に、User-Agent が {_USER_AGENT!r} のアクセスを通すよう頼んでください。"
            )


def _explain(action: str, problems: Mapping[str, Any]) -> str:
    told = {key: value for key, value in problems.items() if key != "__type"}
    text = json.dumps(told, ensure_ascii=False)
    if "too large" in text or "upload" in told:
        return f"ファイルが大きすぎるか、受け付けられない種類です(409)。CKANの答え: {text}"
    return f"CKANが {action} の内容を受け付けませんでした(409)。CKANの答え: {text}"


def _quote(error: Exception) -> str:
    return str(error)[:_LONGEST_QUOTE]


def _read_wait(answer: requests.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(r"\d+", told) else None
