"""A stand-in for the search engine Solr: as much of its protocol as CKAN needs, and no more.

Exact filters, Boolean operators, ranges, sorting, paging and facets give what Solr gives. Words are
looked up as parts of the text, without stemming or ranking, so a full-text search here says nothing
about one on a real site. What is not understood is refused with 400, never ignored.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

Document = dict[str, Any]
Test = Callable[[Document], bool]

_TOKEN = re.compile(
    r"""\s*(?: (?P<operator>AND\b|OR\b|NOT\b|[()+!-])
      | (?P<field>[A-Za-z_][\w.-]*|\*):
      | (?P<range>[\[{][^\]}]+[\]}])
      | "(?P<phrase>(?:\\.|[^"\\])*)"
      | (?P<word>(?:\\.|[^\s()"\[\]{}~^:+!-])(?:\\.|[^\s()"\[\]{}~^:])*) )""",
    re.VERBOSE,
)
_TEXTS = {"text", "title", "notes", "author", "maintainer", "res_name", "res_description"}
_IGNORED = {"data_dict", "validated_data_dict"}


class QueryError(ValueError):
    """A query that the stand-in does not understand."""


class Query:
    """A query as a test that a document passes or not; words that follow each other must all fit.

    Args:
        text: The query in Solr's standard syntax.
    """

    def __init__(self, text: str) -> None:
        self._tokens = list(_split(text))
        self.test = self._any("text")
        if self._tokens:
            raise QueryError(f"unexpected {self._tokens[0][1]!r} in {text!r}")

    def _any(self, field: str) -> Test:
        parts = [self._all(field)]
        while self._take("operator", "OR"):
            parts.append(self._all(field))
        return lambda document: any(part(document) for part in parts)

    def _all(self, field: str) -> Test:
        parts = [self._one(field)]
        while self._tokens and self._tokens[0] not in (("operator", "OR"), ("operator", ")")):
            self._take("operator", "AND")
            parts.append(self._one(field))
        return lambda document: all(part(document) for part in parts)

    def _one(self, field: str) -> Test:
        if self._take("operator", "+"):
            return self._one(field)
        if any(self._take("operator", sign) for sign in ("-", "!", "NOT")):
            inner = self._one(field)
            return lambda document: not inner(document)
        if self._take("operator", "("):
            group = self._any(field)
            if not self._take("operator", ")"):
                raise QueryError("a bracket is not closed")
            return group
        if not self._tokens:
            raise QueryError("the query ends too early")
        kind, value = self._tokens.pop(0)
        if kind == "field":
            return self._one(value)
        if kind == "operator":
            raise QueryError(f"unexpected {value!r}")
        return _compare(field, kind, value)

    def _take(self, kind: str, value: str) -> bool:
        found = self._tokens[:1] == [(kind, value)]
        if found:
            del self._tokens[0]
        return found


def _split(text: str) -> Iterator[tuple[str, str]]:
    text, position = text.strip(), 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"cannot read {text[position:]!r}")
        kind = str(match.lastgroup)
        yield kind, match[kind]
        position = match.end()


def _compare(field: str, kind: str, value: str) -> Test:
    if (kind, value) == ("word", "*"):
        return lambda document: field == "*" or bool(_values(document, field))
    if kind == "range":
        bounds = re.fullmatch(r"\[(\S+) TO (\S+)\]", value)
        if bounds is None or "NOW" in value:
            raise QueryError(f"cannot read the range {value}")
        low, high = (
            None if bound == "*" else _plain(bound.strip('"')) for bound in bounds.groups()
        )
        return lambda document: any(
            (low is None or low <= found) and (high is None or found <= high)
            for found in _values(document, field)
        )
    wanted = _plain(re.sub(r"\\(.)", r"\1", value))
    if field in _TEXTS:
        return lambda document: any(
            wanted.casefold().strip("*") in found.casefold() for found in _values(document, field)
        )
    if kind == "word" and ("*" in value or "?" in value):
        return lambda document: any(
            fnmatchcase(found, wanted) for found in _values(document, field)
        )
    return lambda document: wanted in _values(document, field)


def _values(document: Document, field: str) -> list[str]:
    if field == "text":
        return [
            text for name in document if name not in _IGNORED for text in _values(document, name)
        ]
    value = document.get(field)
    found = value if isinstance(value, list) else [value]
    return [
        _plain(json.dumps(one) if isinstance(one, bool) else str(one))
        for one in found
        if one is not None
    ]


def _plain(text: str) -> str:
    """Give all spellings of an instant the same length, so that they compare as text."""
    instant = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z?", text)
    return f"{instant[1]}{(instant[2] or '.').ljust(7, '0')}" if instant else text


class Index:
    """All documents, kept in a file so that a restart finds them.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._documents: dict[str, Document] = (
            json.loads(path.read_bytes()) if path.exists() else {}
        )

    def add(self, documents: list[Document]) -> None:
        """Put documents in the place of those with the same ``index_id``."""
        with self._lock:
            self._documents |= {document["index_id"]: document for document in documents}
            self._path.write_text(json.dumps(self._documents), "utf-8")

    def delete(self, query: str) -> None:
        """Remove the documents that a query finds."""
        test = Query(query).test
        with self._lock:
            self._documents = {k: v for k, v in self._documents.items() if not test(v)}
            self._path.write_text(json.dumps(self._documents), "utf-8")

    def select(self, asked: dict[str, list[str]]) -> Document:
        """Answer a search in Solr's shape."""
        tests = [Query(text).test for text in asked.get("fq", [])]
        tests.append(Query(asked.get("q", ["*:*"])[0]).test)
        found = [one for one in list(self._documents.values()) if all(test(one) for test in tests)]
        for part in reversed(asked.get("sort", [""])[0].split(",")):
            field, _, direction = part.strip().partition(" ")
            if field not in ("", "score"):
                found.sort(key=lambda one: _values(one, field), reverse=direction == "desc")
        start, rows = (int(asked.get(k, [d])[0]) for k, d in (("start", "0"), ("rows", "10")))
        wanted = re.split(r"[\s,]+", asked.get("fl", ["*"])[0])
        page = [
            one if "*" in wanted else {name: one[name] for name in wanted if name in one}
            for one in found[start : start + rows]
        ]
        return {
            "responseHeader": {"status": 0, "QTime": 0},
            "response": {"numFound": len(found), "start": start, "docs": page},
            "facet_counts": {"facet_fields": _count(found, asked.get("facet.field", []))},
        }


def _count(found: list[Document], fields: list[str]) -> dict[str, list[str | int]]:
    counts = {field: Counter(v for one in found for v in _values(one, field)) for field in fields}
    return {
        field: [part for pair in count.most_common() for part in pair]
        for field, count in counts.items()
    }


class Handler(BaseHTTPRequestHandler):
    """Answers what CKAN asks."""

    index: Index
    schema: bytes

    def do_GET(self) -> None:
        """Answer a search, or a question about the schema."""
        address = urlsplit(self.path)
        if address.path.endswith("/schema"):
            self._answer(200, self.schema)
        else:
            self._search(address.query)

    def do_POST(self) -> None:
        """Answer a search, or take documents in or out."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "/update" in self.path:
            self._update(body)
        else:
            self._search(body)

    def _search(self, query: str) -> None:
        try:
            self._answer(200, json.dumps(self.index.select(parse_qs(query))).encode())
        except QueryError as error:
            self._answer(400, json.dumps({"error": {"msg": str(error), "code": 400}}).encode())

    def _update(self, body: str) -> None:
        if body.startswith("["):
            self.index.add(json.loads(body))
        else:
            for query in ET.fromstring(body).iter("query"):  # from CKAN on this machine alone
                self.index.delete(str(query.text))
        self._answer(200, b'{"responseHeader": {"status": 0}}')

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header(
            "Content-Type", "application/xml" if content[:1] == b"<" else "application/json"
        )
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


if __name__ == "__main__":
    port, schema_path, index_path = sys.argv[1:]
    Handler.index = Index(Path(index_path))
    Handler.schema = Path(schema_path).read_bytes()
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
