"""What the last run was made of, whether all of it is still the same, and a record of each run.

Files are held against hashes of their contents, never against their size or time: those of a file
that was put back, or that a sync tool wrote, may be as they were though its contents are not.

A record is one JSON file in ``data/state/runs``: of what a run was made, with what, by whom, what
came out, and where the time went. A run for which nothing has changed writes none.
"""

import json
import logging
import os
import platform
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from sumida_data.base.disk import hash_files, hash_place, is_unchanged, replace_file
from sumida_data.base.events import log_rows
from sumida_data.base.fingerprint import hash_code
from sumida_data.base.metadata import Row

_LOGGER = logging.getLogger(__name__)
_STATE, _RECORDS = Path("data/state/last_run.json"), Path("data/state/runs")
# What of a run's options decides neither its results nor which of its parts are run.
_WITHOUT_EFFECT = {"is_async", "config", "again"}
_LIBRARIES = ("sumida_data", "kedro", "pandas", "pyarrow", "duckdb", "python-calamine", "pydantic")
# What an event names of a finding, of which the text may speak of persons.
_PLACE = ("period", "department_code", "source_file", "sheet", "cell", "rule_id", "severity")


def _count_findings(rows: list[Row]) -> dict[str, int]:
    log_rows("指摘", rows, _PLACE)
    return dict(Counter(row["rule_id"] for row in rows))


def _count_failed(rows: list[Row]) -> dict[str, int]:
    return dict(Counter(row["rule_id"] for row in rows if row["passed"] is False))


def _gather_figures(rows: list[Row]) -> dict[str, Any]:
    """Return the values by name and quarter, of each the last revision."""
    log_rows("値", rows, ("indicator_id", "period", "revision", "value", "value_status"))
    rows = sorted(rows, key=itemgetter("revision"))
    return {f"{row['indicator_title']} {row['period']}": row["value"] for row in rows}


# What a record says of tables, by its title.
_RECORDED: dict[str, tuple[str, Callable[[list[Row]], dict[str, Any]]]] = {
    "findings": ("finding#primary", _count_findings),
    "failed_checks": ("check_result#check", _count_failed),
    "figures": ("indicator_value#indicator", _gather_figures),
}


@dataclass(slots=True)
class LastRun:
    """A complete run, by hashes; paths are those from the project."""

    made_of: str = ""  # options, settings and code; empty if it must be run again anyhow
    inputs: dict[str, str] = field(default_factory=dict)  # files it was made from, by path
    values: dict[str, str] = field(default_factory=dict)  # its parameters, by dataset
    keys: dict[str, str] = field(default_factory=dict)  # by node, of all that decides its outputs
    # What it wrote, by node, dataset and path.
    outputs: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    summary: str = ""  # what it said at the end, for a terminal
    exit_code: int = 0

    @classmethod
    def read(cls, project: Path) -> Self:
        """Read what is known of the last run; nothing if it is damaged, or of another release."""
        try:
            digest, _, text = (project / _STATE).read_text("utf-8").partition("\n")
            known = sha256(text.encode()).hexdigest() == digest
            return cls(**json.loads(text)) if known else cls()
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, project: Path) -> None:
        """Write it for the next run."""
        text = json.dumps(asdict(self), ensure_ascii=False)
        content = f"{sha256(text.encode()).hexdigest()}\n{text}"
        replace_file(project / _STATE, content.encode(), private=True)

    @property
    def written(self) -> dict[str, str]:
        """Hashes of all that it wrote, by path from the project."""
        made = [places for outputs in self.outputs.values() for places in outputs.values()]
        return {path: known for places in made for path, known in places.items()}

    def is_still(self, project: Path, made_of: str) -> bool:
        """Tell whether a run with these options would find and leave all as it is."""
        places = (self.inputs | self.written).items()
        return bool(self.made_of == made_of != "") and all(
            is_unchanged(project / path, known) for path, known in places
        )


@dataclass(slots=True)
class Changes:
    """What a run of a project found changed since the last one."""

    project: Path
    last: LastRun
    this: LastRun = field(default_factory=LastRun)  # what the next run is to know of this one
    asked: bool = False  # whether everything, or not everything, is to be run again
    kept: set[str] = field(default_factory=set)  # nodes whose results of the last run hold
    damaged: set[str] = field(default_factory=set)  # results that are not as the last run left them

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
        outputs = {name: one for name, one in self.this.outputs.items() if one}
        keys = self.last.keys | {name: self.this.keys[name] for name in outputs}
        outputs = self.last.outputs | outputs
        replace(self.last, made_of="", keys=keys, outputs=outputs).write(self.project)


def hash_settings(project: Path, options: Mapping[str, Any]) -> str:
    """Return a hash of the options of a run, of the settings it reads, and of the code."""
    source = Path(options["conf_source"] or project / "conf")
    environment = options["env"] or os.environ.get("KEDRO_ENV")
    given = {name: one for name, one in options.items() if name not in _WITHOUT_EFFECT}
    given["params"] = {k: v for k, v in options["params"].items() if k not in _WITHOUT_EFFECT}
    decides = (given, environment, hash_place(source), hash_code())
    return sha256(repr(decides).encode()).hexdigest()


def list_places(dataset: Any) -> dict[Path, bool]:
    """Return the files and folders of a dataset, and whether times count in them."""
    path = getattr(dataset, "_filepath", None)
    places: dict[Path, bool] = getattr(dataset, "places", {Path(path): False} if path else {})
    return places


def name_from(project: Path, path: Path) -> str:
    """Return a path as people read it: from the project, if it is in there."""
    return (path.relative_to(project) if path.is_relative_to(project) else path).as_posix()


class RunRecorder:
    """Notes what a run loads, makes and saves, and how long each stage takes."""

    def __init__(self) -> None:
        self._noted: dict[str, Any] = {}
        self._last = 0.0
        self._stages: dict[str, dict[str, Any]] = {}

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Begin a record."""
        self._last = time.perf_counter()
        self._stages = defaultdict(lambda: {"seconds": 0.0, "in": {}, "out": {}})
        self._noted = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": sys.argv[1:],
            "pipelines": run_params.get("pipeline_names") or ["__default__"],
            "parameters_given": run_params.get("runtime_params") or {},
            "environment": run_params.get("env"),
        }

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any, node: Node) -> None:
        """Count what a stage takes."""
        self._note(node, "in", dataset_name, data)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Count what a stage makes."""
        self._note(node, "out", dataset_name, data)

    def _note(self, node: Node, way: str, name: str, data: Any) -> None:
        stage, now = self._stages[min(node.tags, default=node.name)], time.perf_counter()
        stage["seconds"] += now - self._last
        self._last = now
        if hasattr(data, "__len__") and not isinstance(data, str | bytes):
            stage[way][name] = len(data)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Gather what is there after a run."""
        for title, names in (("inputs", pipeline.inputs()), ("outputs", pipeline.all_outputs())):
            places = {path for name in names for path in list_places(catalog.get(name))}
            self._noted[title] = _hash_all(sorted(filter(Path.exists, places)))
        # Imported here because a run for which nothing has changed needs no tables.
        from sumida_data.base.frames import read_rows  # noqa: PLC0415

        for title, (name, sum_up) in _RECORDED.items():
            if name in pipeline.datasets() and catalog.exists(name):
                self._noted[title] = sum_up(read_rows(catalog.load(name)))

    @hook_impl
    def on_pipeline_error(self, error: Exception, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Gather what is there after a run that failed."""
        self._noted["error"] = f"{type(error).__name__}: {error}"
        self.after_pipeline_run(pipeline, catalog)

    def write(self, exit_code: int) -> None:
        """Write the record, and log the seconds by stage; nothing if nothing has run."""
        if not self._noted:
            return
        seconds = "、".join(f"{name} {one['seconds']:.2f}" for name, one in self._stages.items())
        _LOGGER.info("段階ごとの秒数：%s", seconds)
        versions = {name: version(name) for name in _LIBRARIES}
        # Imported here because a run for which nothing has changed writes none.
        from sumida_data.catalogue.record import identify  # noqa: PLC0415

        account, machine = identify()
        record = {
            **self._noted,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "exit_code": exit_code,
            "account": account,
            "machine": {"name": machine, "system": platform.platform()},
            "versions": {"python": platform.python_version(), **versions},
            "code_sha256": hash_code(),
            "settings": _hash_all([Path.cwd() / "conf"]),
            "locks": _hash_all(sorted(Path.cwd().glob("requirements*.lock"))),
            "stages": {
                name: one | {"seconds": round(one["seconds"], 2)}
                for name, one in self._stages.items()
            },
        }
        content = json.dumps(record, ensure_ascii=False, indent=1, default=str).encode()
        name = f"{record['started'].replace(':', '').replace('-', '')[:15]}Z.json"
        replace_file(Path.cwd() / _RECORDS / name, content, private=True)
        self._noted = {}


def _hash_all(places: Iterable[Path]) -> dict[str, str]:
    """Return the hashes of the files of places by their paths from the project."""
    found = (one for place in places for one in hash_files(place).items())
    return {name_from(Path.cwd(), path): known for path, known in found}


RECORDER = RunRecorder()
