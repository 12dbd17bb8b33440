"""Links within a catalogue of static files."""

import json
import posixpath
from collections.abc import Iterator, Mapping, Set
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

_SEARCH = "api/3/action/package_search"


class _Links(HTMLParser):
    """Collects the addresses to which a page refers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def find_broken_links(files: Mapping[str, bytes]) -> list[str]:
    """Return a line for each link of a page, or address of a resource, that leads to no file.

    Args:
        files: The catalogue: contents by path. Links to other sites are not followed.
    """
    paths = files.keys() | {""}
    broken = [
        f"{path}: リンク先 {link} がありません。"
        for path, content in files.items()
        if path.endswith(".html")
        for link in dict.fromkeys(_Links(content.decode()).found)
        if not _leads_to_file(path, link, paths)
    ]
    return [*broken, *_find_missing_resources(files)]


def _leads_to_file(page: str, link: str, paths: Set[str]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return True
    place = posixpath.join(posixpath.dirname(page), unquote(parts.path))
    found = posixpath.normpath(place).removeprefix("/")
    return found in paths or posixpath.join(found.removeprefix("."), "index.html") in paths


def _find_missing_resources(files: Mapping[str, bytes]) -> Iterator[str]:
    datasets = json.loads(files[_SEARCH])["result"]["results"] if _SEARCH in files else []
    for dataset in datasets:
        for resource in dataset["resources"]:
            start = f"dataset/{dataset['name']}/"
            path = start + resource["url"].partition(f"/{start}")[2]
            if path not in files:
                yield f"{_SEARCH}: リソース {resource['url']} のファイルがありません。"
            elif len(files[path]) != resource["size"]:
                yield f"{_SEARCH}: リソース {resource['url']} の大きさが記載と違います。"
