"""Reading the YAML files of the settings; what is wrong with one is said in one Japanese line."""

import re
from collections.abc import Collection, Iterable
from functools import cache
from marshal import dumps, loads
from pathlib import Path
from typing import Any

import yaml

from sumida_data.base.characters import name_unseen

_TOP_KEY = re.compile(r"""(?:^|\r)["']?(\w+)["']?\s*:""", re.MULTILINE)


class SettingsError(ValueError):
    """Mistakes in settings, one line each."""


class _Loader(yaml.CSafeLoader):
    """The C loader is ten times as fast. Like OmegaConf's, it leaves days as text.

    It notes by line what YAML allows and settings do not: keys given twice, and ``${...}``.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.mistakes: list[tuple[int, str]] = []
        self._seen: set[yaml.Node] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        # Called before anything is merged into a mapping, and for what is merged again.
        names = [] if node in self._seen else [key.value for key, _ in node.value]
        self._seen.add(node)
        for place, name in enumerate(names):
            if isinstance(name, str) and name in names[:place]:
                line = node.value[place][0].start_mark.line + 1
                mistake = f"{name} が同じところに2回あります。1つにしてください。"
                self.mistakes.append((line, mistake))
        super().flatten_mapping(node)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        if "${" in str(node.value):
            mistake = f"{node.value!r} — 「${{…}}」は使えません。値をそのまま書いてください。"
            self.mistakes.append((node.start_mark.line + 1, mistake))
        if unseen := name_unseen(str(node.value)):
            mistake = f"目に見えない文字 {unseen} があります。消して打ち直してください。"
            self.mistakes.append((node.start_mark.line + 1, mistake))
        return super().construct_scalar(node)


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
    if wanted and wanted.isdisjoint(_TOP_KEY.findall(text)):
        return {}
    settings: dict[str, Any] = loads(_parse(text, path))  # noqa: S302  # made in this process
    return settings


@cache
def _parse(text: str, path: Path) -> bytes:
    """Parse a file of which a run asks several times; whoever asks may change what he gets."""
    loader = _Loader(text)
    try:
        settings = loader.get_single_data() or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}行目のあたり" if mark else "中身"
        raise SettingsError(
            f"{path.as_posix()} の{line}をYAMLとして読めません。字下げ(タブでなく空白)、"
            "「:」のあとの空白、引用符と括弧の閉じ忘れを確かめてください。"
        ) from error
    finally:
        loader.dispose()
    mistakes = [f"{line}行目: {mistake}" for line, mistake in sorted(loader.mistakes)]
    if not isinstance(settings, dict):
        mistakes = ["いちばん外は「名前: 値」の形で書いてください。"]
    if mistakes:
        raise SettingsError("\n".join(f"{path.as_posix()} の{line}" for line in mistakes))
    return dumps(settings)
