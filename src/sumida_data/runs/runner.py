"""A runner that runs only those nodes of which something has changed since the last run.

Each node has a key: the hash of its name, of the code, of the keys of its inputs, and of what the
catalogue says of inputs and outputs. That of a file is the hash of its contents, so that what is
made again and comes out the same changes nothing that rests on it. That of a value which is passed
on in memory is the key of the node that makes it; such a node runs only when another asks for the
value.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from itertools import chain
from typing import Any

from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner
from kedro.runner.task import Task
from pluggy import PluginManager
from pydantic import BaseModel

from sumida_data.base.disk import hash_place, is_unchanged
from sumida_data.base.fingerprint import hash_code
from sumida_data.parameters import RunAgain
from sumida_data.runs.records import Changes, LastRun, list_places, name_from


class ChangesRunner(SequentialRunner):
    """Runs what has changed since the last run, one node after the other."""

    def __init__(self, changes: Changes, *, is_async: bool = False) -> None:
        super().__init__(is_async=is_async)
        self.changes = changes

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        self._prepare(pipeline, catalog)
        for node in pipeline.nodes:
            for needed in self._list_needed(node):
                Task(needed, catalog, self._is_async, hook_manager, run_id).execute()
                self._note_run(needed)

    def _prepare(self, pipeline: Pipeline, catalog: Any) -> None:
        changes = self.changes
        if RunAgain.model_validate(catalog.load("params:again")).root:
            # Nothing is taken for known; by the next run neither, where settings always want it so.
            changes.last = LastRun()
            if not changes.asked:
                changes.this.made_of = ""
        self.catalog, self.left = catalog, changes.last.written
        self.maker = {name: node for node in pipeline.nodes for name in node.outputs}
        self.uses = Counter(name for node in pipeline.nodes for name in node.inputs)
        written = chain.from_iterable(map(list_places, map(catalog.get, self.maker)))
        self.written = {name_from(changes.project, path) for path in written}
        self.settings = self._list_settings()
        # Those of the datasets known so far.
        self.keys = {name: self._key_of_input(name) for name in sorted(pipeline.inputs())}
        changes.this.values["code"] = hash_code()

    def _list_settings(self) -> dict[str, str]:
        """Return what the catalogue says of each dataset, with paths from the project."""
        configured, here = self.catalog.to_config()[0], f"{self.changes.project.as_posix()}/"
        said = {name: json.dumps(one, default=_make_plain) for name, one in configured.items()}
        return {name: one.replace(here, "") for name, one in said.items()}

    def _list_needed(self, node: Node) -> Iterator[Node]:
        """Yield what must run now, in order: nothing, or the node after all it takes from memory.

        Each must have run, and been noted, before the next is asked for.
        """
        key, last = self._key(node), self.changes.last
        self.keys |= {name: _hash([key, name]) for name in node.outputs}
        if all(name in self.uses and self._in_memory(name) for name in node.outputs):
            return  # until another asks for what it makes
        if last.keys.get(node.name) == key and self._finds_unchanged(last.outputs[node.name]):
            self._note(node, last.outputs[node.name])
            self.changes.kept.add(node.name)
        else:
            yield from self._list_with_makers(node)

    def _note_run(self, node: Node) -> None:
        made = {name: self._hash_files(name) for name in node.outputs if not self._in_memory(name)}
        self._note(node, made)
        self.changes.kept.discard(node.name)

    def _note(self, node: Node, made: dict[str, dict[str, str]]) -> None:
        """Note what a node has left, and forget what no other node will take."""
        self.changes.this.keys[node.name] = self._key(node)
        self.changes.this.outputs[node.name] = made
        self.keys |= {name: _hash(places) for name, places in made.items()}
        for name in node.inputs:
            self.uses[name] -= 1
            if name in self.maker and self.uses[name] < 1:
                self.catalog.release(name)

    def _list_with_makers(self, node: Node) -> Iterator[Node]:
        for name in node.inputs:
            if name in self.maker and self._in_memory(name) and not self.catalog.exists(name):
                yield from self._list_with_makers(self.maker[name])
        yield node

    def _key(self, node: Node) -> str:
        taken = [(name, self.keys[name], self.settings.get(name)) for name in node.inputs]
        made = [(name, self._describe(name), self.settings.get(name)) for name in node.outputs]
        return _hash([node.name, hash_code(), taken, made])

    def _describe(self, name: str) -> str:
        """Return a hash of the description after which a dataset is written, if it has one."""
        dataset: Any = self.catalog.get(name)
        return dataset.hash_description() if hasattr(dataset, "hash_description") else ""

    def _key_of_input(self, name: str) -> str:
        this = self.changes.this
        if self._in_memory(name):
            this.values[name] = _hash(self.catalog.load(name))
            return this.values[name]
        places = self._hash_files(name)
        metadata = getattr(self.catalog.get(name), "metadata", None) or {}
        for path, known in places.items() if metadata.get("derived") else ():
            # What a run remembers of derived things counts only as the last run left it.
            if known != self.left.get(path):
                (self.changes.project / path).unlink(missing_ok=True)
        # What the run itself writes is what it remembers; it is watched as one of its results.
        read = {path: known for path, known in places.items() if path not in self.written}
        this.inputs |= read
        return _hash(read)

    def _finds_unchanged(self, made: dict[str, dict[str, str]]) -> bool:
        places = [one for known in made.values() for one in known.items()]
        project = self.changes.project
        damaged = [path for path, known in places if not is_unchanged(project / path, known)]
        self.changes.damaged.update(damaged)
        return not damaged

    def _in_memory(self, name: str) -> bool:
        return isinstance(self.catalog.get(name), MemoryDataset)

    def _hash_files(self, name: str) -> dict[str, str]:
        """Return hashes of the files of a dataset, by path from the project."""
        dataset: Any = self.catalog.get(name)
        if places := list_places(dataset):
            project = self.changes.project
            return {name_from(project, one): hash_place(one, times=places[one]) for one in places}
        if hasattr(dataset, "hash_content"):
            return {name: dataset.hash_content()}
        # It is unknown whether it has changed.
        return {name: os.urandom(16).hex()}


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
    # It is unknown whether it has changed.
    return os.urandom(16).hex()
