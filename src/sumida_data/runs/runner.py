"""A runner that runs only those nodes of which something has changed since the last run.

Each node has a key: the hash of its name, of the code, and of the keys of its inputs. That of a
file is the hash of its contents, so that what is made again and comes out the same changes nothing
that rests on it. That of a value which is passed on in memory is the key of the node that makes
it; such a node runs only when another asks for the value.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner
from kedro.runner.task import Task
from pluggy import PluginManager
from pydantic import BaseModel

from sumida_data.base.disk import hash_place, is_unchanged
from sumida_data.parameters import RunAgain
from sumida_data.runs.last_run import LastRun, NodeRecord, hash_code
from sumida_data.runs.manifest import list_places


@dataclass(slots=True)
class Changes:
    """What a run found changed.

    Attributes:
        project: Where the project lies.
        last: The last run.
        this: What the next run is to know of this one.
        asked: Whether it was asked that everything, or not everything, be run again.
        ran: Names of the nodes that ran.
        kept: Names of the nodes whose results of the last run hold.
        damaged: Paths of results that are not as the last run left them.
    """

    project: Path
    last: LastRun
    this: LastRun = field(default_factory=LastRun)
    asked: bool = False
    ran: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """What is not as it was: inputs by path or dataset, and results."""
        before, now = ({**run.inputs, **run.values} for run in (self.last, self.this))
        changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        return sorted(changed | self.damaged)

    def keep_what_is_done(self) -> None:
        """Remember the nodes that a run which failed has run, so that the next goes on from there.

        What is known of a node that has written something holds whatever became of the others.
        """
        done = {name: one for name, one in self.this.nodes.items() if one.outputs}
        replace(self.last, made_of="", nodes=self.last.nodes | done).write(self.project)

    def run_again(self) -> None:
        """Take nothing for known; the next run neither, where settings always want it so."""
        self.last = LastRun()
        if not self.asked:
            self.this.made_of = ""


class ChangesRunner(SequentialRunner):
    """Runs what has changed since the last run, one node after the other."""

    def __init__(self, changes: Changes, *, is_async: bool = False) -> None:
        """Take what is known of the last run, and where to note what is of this one."""
        super().__init__(is_async=is_async)
        self._changes = changes

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        if RunAgain.model_validate(catalog.load("params:again")).root:
            self._changes.run_again()
        work = _Work(self._changes, pipeline, catalog)
        for node in pipeline.nodes:
            for needed in work.list_needed(node):
                Task(needed, catalog, self._is_async, hook_manager, run_id).execute()
                work.note(needed)


class _Work:
    """Decides node by node what is to be run.

    Attributes:
        keys: Keys of the datasets known so far.
    """

    def __init__(
        self, changes: Changes, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        self.changes = changes
        self.catalog = catalog
        self.maker = {name: node for node in pipeline.nodes for name in node.outputs}
        self.uses = Counter(chain.from_iterable(node.inputs for node in pipeline.nodes))
        written = chain.from_iterable(list_places(catalog.get(name)) for name in self.maker)
        self.written = set(map(self._name, written))
        self.keys = {name: self._key_of_input(name) for name in sorted(pipeline.inputs())}
        changes.this.values["code"] = hash_code()

    def list_needed(self, node: Node) -> Iterator[Node]:
        """Yield what must run now, in order: nothing, or the node after all it takes from memory.

        Each must have run, and been noted, before the next is asked for.
        """
        key = self._key(node)
        self.keys |= {name: _hash([key, name]) for name in node.outputs}
        known = self.changes.last.nodes.get(node.name)
        if all(name in self.uses and self._in_memory(name) for name in node.outputs):
            return  # until another asks for what it makes
        if known and known.key == key and self._finds_unchanged(known):
            self.changes.this.nodes[node.name] = known
            self.changes.kept.add(node.name)
            self.keys |= {name: _hash(places) for name, places in known.outputs.items()}
            self._release(node)
        else:
            yield from self._list_with_makers(node)

    def note(self, node: Node) -> None:
        """Note what a node that has run has written."""
        made = {name: self._hash(name) for name in node.outputs if not self._in_memory(name)}
        self.changes.this.nodes[node.name] = NodeRecord(self._key(node), made)
        self.changes.ran.add(node.name)
        self.changes.kept.discard(node.name)
        self.keys |= {name: _hash(places) for name, places in made.items()}
        self._release(node)

    def _list_with_makers(self, node: Node) -> Iterator[Node]:
        for name in node.inputs:
            if name in self.maker and self._in_memory(name) and not self.catalog.exists(name):
                yield from self._list_with_makers(self.maker[name])
        yield node

    def _key(self, node: Node) -> str:
        return _hash([node.name, hash_code(), *((name, self.keys[name]) for name in node.inputs)])

    def _key_of_input(self, name: str) -> str:
        this = self.changes.this
        if self._in_memory(name):
            this.values[name] = _hash(self.catalog.load(name))
            return this.values[name]
        places = self._hash(name)
        self._remove_what_others_wrote(name, places)
        # What the run itself writes is what it remembers; it is watched as one of its results.
        read = {path: known for path, known in places.items() if path not in self.written}
        this.inputs |= read
        return _hash(read)

    def _remove_what_others_wrote(self, name: str, places: dict[str, str]) -> None:
        """Remove what a run remembers of derived things, unless it is as the last run left it."""
        metadata = getattr(self.catalog.get(name), "metadata", None) or {}
        made = (one for node in self.changes.last.nodes.values() for one in node.outputs.values())
        left = dict(chain.from_iterable(one.items() for one in made))
        for path, known in places.items() if metadata.get("derived") else ():
            if known != left.get(path):
                (self.changes.project / path).unlink(missing_ok=True)

    def _finds_unchanged(self, known: NodeRecord) -> bool:
        damaged = [
            path
            for places in known.outputs.values()
            for path, one in places.items()
            if not is_unchanged(self.changes.project / path, one)
        ]
        self.changes.damaged.update(damaged)
        return not damaged

    def _in_memory(self, name: str) -> bool:
        return isinstance(self.catalog.get(name), MemoryDataset)

    def _hash(self, name: str) -> dict[str, str]:
        """Return hashes of the files of a dataset, by path from the project."""
        dataset: Any = self.catalog.get(name)
        if places := list_places(dataset):
            return {self._name(one): hash_place(one, times=places[one]) for one in places}
        if hasattr(dataset, "hash_content"):
            return {name: dataset.hash_content()}
        # Nobody can say whether it has changed.
        return {name: os.urandom(16).hex()}

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self.changes.project)
        return (path.relative_to(self.changes.project) if inside else path).as_posix()

    def _release(self, node: Node) -> None:
        """Forget what no other node will take."""
        for name in node.inputs:
            self.uses[name] -= 1
            if name in self.maker and self.uses[name] < 1:
                self.catalog.release(name)


def _hash(value: object) -> str:
    return sha256(json.dumps(value, default=_make_plain).encode()).hexdigest()


def _make_plain(value: object) -> object:
    match value:
        case BaseModel():
            return value.model_dump()
        case set() | frozenset():
            return sorted(value)
        case Enum() | date() | Decimal():
            return repr(value)
    # Nobody can say whether it has changed.
    return os.urandom(16).hex()
