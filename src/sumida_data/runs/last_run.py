"""What the last complete run was made of, and whether all of it is still the same.

Files are held against hashes of their contents, never against their size or time: those of a file
that was put back, or that a sync tool wrote, may be as they were though its contents are not.
"""

import json
import os
import platform
import sysconfig
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files as files_of
from itertools import chain
from pathlib import Path
from typing import Any, Self

from sumida_data.base.disk import hash_place, is_unchanged, replace_file

_STATE = Path("data/state/last_run.json")
# What of a run's options decides neither its results nor which of its parts are run.
_WITHOUT_EFFECT = {"is_async", "config", "again"}


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node that has run.

    Attributes:
        key: Hash of all that decides its outputs.
        outputs: Hashes of what it wrote, by dataset and path from the project.
    """

    key: str
    outputs: dict[str, dict[str, str]]


@dataclass(slots=True)
class LastRun:
    """A complete run.

    Attributes:
        made_of: Hash of its options, settings and code; empty if it must be run again anyhow.
        inputs: Hashes of the files it was made from, by path from the project.
        values: Hashes of its parameters, by dataset.
        nodes: Its nodes by name.
        summary: What it said at the end, for a terminal.
        exit_code: Its exit code.
    """

    made_of: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    summary: str = ""
    exit_code: int = 0

    @classmethod
    def read(cls, project: Path) -> Self:
        """Read what is known of the last run; nothing if it is damaged."""
        try:
            digest, _, text = (project / _STATE).read_text("utf-8").partition("\n")
            if sha256(text.encode()).hexdigest() != digest:
                return cls()
            kept = json.loads(text)
        except (OSError, ValueError):
            return cls()
        kept["nodes"] = {name: NodeRecord(**one) for name, one in kept["nodes"].items()}
        return cls(**kept)

    def write(self, project: Path) -> None:
        """Write it for the next run."""
        text = json.dumps(asdict(self), ensure_ascii=False)
        content = f"{sha256(text.encode()).hexdigest()}\n{text}"
        replace_file(project / _STATE, content.encode())

    def is_still(self, project: Path, made_of: str) -> bool:
        """Tell whether a run with these options would find and leave all as it is."""
        if not self.made_of or self.made_of != made_of:
            return False
        made = (places for node in self.nodes.values() for places in node.outputs.values())
        places = dict(chain.from_iterable(one.items() for one in (self.inputs, *made)))
        return all(is_unchanged(project / path, known) for path, known in places.items())


def hash_settings(project: Path, options: Mapping[str, Any]) -> str:
    """Return a hash of the options of a run, of the settings it reads, and of the code."""
    source = Path(options["conf_source"] or project / "conf")
    environment = options["env"] or os.environ.get("KEDRO_ENV")
    given = {name: one for name, one in options.items() if name not in _WITHOUT_EFFECT}
    given["params"] = {k: v for k, v in options["params"].items() if k not in _WITHOUT_EFFECT}
    decides = (given, environment, hash_place(source), hash_code())
    return sha256(repr(decides).encode()).hexdigest()


@cache
def hash_code() -> str:
    """Return a hash of the package, of the version of Python, and of the installed libraries."""
    package = Path(str(files_of("sumida_data")))
    total = sha256(platform.python_version().encode())
    for name in sorted(path.name for path in _list_libraries()):
        total.update(name.encode())
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            total.update(path.relative_to(package).as_posix().encode())
            total.update(sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _list_libraries() -> list[Path]:
    # The name of such a folder holds the version.
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    return [path for folder in folders for path in Path(folder).glob("*.dist-info")]
