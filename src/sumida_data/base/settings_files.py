"""Reading the YAML files of the settings; what is wrong with one is said in one Japanese line."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

_TOP_KEY = re.compile(r"^(\w+):", re.MULTILINE)


class SettingsError(ValueError):
    """Mistakes in settings, one line each."""


class _Loader(yaml.CSafeLoader):
    """The C loader is ten times as fast. Like OmegaConf's, it leaves days as text."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_settings(paths: Iterable[Path], wanted: Collection[str] = ()) -> dict[str, Any]:
    """Return what YAML files say, by the keys at their top, or raise a SettingsError.

    Files without any of the keys that are wanted are only searched; without such, all are read.
    """
    settings: dict[str, Any] = {}
    owners: dict[str, Path] = {}
    mistakes = []
    for path in sorted(paths):
        try:
            found = _read(path, set(wanted))
        except SettingsError as error:
            mistakes.append(str(error))
            continue
        mistakes += [
            f"{path.as_posix()}: {key} は {owners[key].name} にもあります。どちらかを消してください"
            "(「名前 (1).yml」のような写しは置けません)。"
            for key in found
            if owners.setdefault(key, path) is not path
        ]
        settings |= found
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def _read(path: Path, wanted: set[str]) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    except OSError as error:
        raise SettingsError(
            f"{path.as_posix()} を開けません。あるか、ほかの人が開いていないか確かめてください。"
        ) from error
    if "\0" in text:
        raise SettingsError(
            f"{path.as_posix()}: 文字コードがUTF-8ではありません。メモ帳の「名前を付けて保存」で"
            "文字コード「UTF-8」を選んで保存し直してください。"
        )
    is_wanted = not wanted or not wanted.isdisjoint(_TOP_KEY.findall(text))
    return _parse(text, path) if is_wanted else {}


def _parse(text: str, path: Path) -> dict[str, Any]:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        mistakes = list(_find_mistakes(node)) if node else []
        settings = loader.construct_document(node) if node and not mistakes else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}行目のあたり" if mark else "中身"
        raise SettingsError(
            f"{path.as_posix()} の{line}をYAMLとして読めません。字下げ(タブでなく空白)、"
            "「:」のあとの空白、引用符と括弧の閉じ忘れを確かめてください。"
        ) from error
    finally:
        loader.dispose()
    if mistakes:
        raise SettingsError("\n".join(f"{path.as_posix()} の{line}" for line in mistakes))
    return dict(settings)


def _find_mistakes(top: yaml.Node) -> Iterator[str]:
    """Yield what YAML allows and settings do not: keys given twice, and ``${...}``."""
    if not isinstance(top, yaml.MappingNode):
        yield "いちばん外は「名前: 値」の形で書いてください。"
        return
    for node in _walk(top, set()):
        line = f"{node.start_mark.line + 1}行目"
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            for place, (key, _) in enumerate(node.value):
                if isinstance(key, yaml.ScalarNode) and key.value in names[:place]:
                    line = f"{key.start_mark.line + 1}行目"
                    yield f"{line}: {key.value} が同じところに2回あります。1つにしてください。"
        elif "${" in str(node.value):
            yield f"{line}: {node.value!r} — 「${{…}}」は使えません。値をそのまま書いてください。"


def _walk(node: yaml.Node, seen: set[int]) -> Iterator[yaml.Node]:
    """Yield the mappings and scalars at and below a node, each once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if not isinstance(node, yaml.SequenceNode):
        yield node
    if isinstance(node, yaml.CollectionNode):
        pairs = isinstance(node, yaml.MappingNode)
        for part in chain.from_iterable(node.value) if pairs else node.value:
            yield from _walk(part, seen)
