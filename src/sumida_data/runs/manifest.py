"""The record of a run: of what, with what, by whom, what came out, and where the time went.

One JSON file a run in ``data/state/runs``; a run for which nothing has changed writes none.
"""

import getpass
import json
import logging
import platform
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from sumida_data.base.disk import replace_file
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.runs.last_run import hash_code

_LOGGER = logging.getLogger(__name__)
_FOLDER = Path("data/state/runs")
_LIBRARIES = ("sumida_data", "kedro", "pandas", "pyarrow", "duckdb", "python-calamine", "pydantic")
_FINDINGS, _FIGURES = "finding#primary", "indicator_value#indicator"
_BLOCK = 1 << 20


class RunRecorder:
    """Notes what a run loads, makes and saves, and how long each stage takes."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self._noted: dict[str, Any] = {}
        self._last = 0.0
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._counts: defaultdict[str, dict[str, dict[str, int]]] = defaultdict(
            lambda: {"in": {}, "out": {}}
        )

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Begin a record."""
        self.__init__()  # type: ignore[misc]
        self._last = time.perf_counter()
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
    def after_node_run(self, node: Node) -> None:
        """Count the time of a node."""
        self._tick(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Count what a stage makes."""
        self._note(node, "out", dataset_name, data)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Gather what is there after a run."""
        self._gather(pipeline, catalog)

    @hook_impl
    def on_pipeline_error(self, error: Exception, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Gather what is there after a run that failed."""
        self._noted["error"] = f"{type(error).__name__}: {error}"
        self._gather(pipeline, catalog)

    def write(self, project: Path, exit_code: int) -> None:
        """Write the record, and log the seconds by stage; nothing if nothing has run."""
        if not self._noted:
            return
        seconds = {stage: round(one, 2) for stage, one in self._seconds.items()}
        _LOGGER.info(
            "段階ごとの秒数：%s", "、".join(f"{name} {one:.2f}" for name, one in seconds.items())
        )
        stages = {name: {"seconds": one, **self._counts[name]} for name, one in seconds.items()}
        record = {
            **self._noted,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "exit_code": exit_code,
            "account": getpass.getuser(),
            "machine": {"name": platform.node(), "system": platform.platform()},
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in _LIBRARIES},
            "code_sha256": hash_code(),
            "settings": dict(_hash_files(project / "conf", project)),
            "locks": {
                path.name: _hash_file(path) for path in sorted(project.glob("requirements*.lock"))
            },
            "stages": stages,
        }
        content = json.dumps(record, ensure_ascii=False, indent=1, default=str).encode()
        name = f"{record['started'].replace(':', '').replace('-', '')[:15]}Z.json"
        replace_file(project / _FOLDER / name, content)
        self._noted = {}

    def _note(self, node: Node, way: str, name: str, data: Any) -> None:
        self._tick(node)
        if hasattr(data, "__len__") and not isinstance(data, str | bytes):
            self._counts[_stage_of(node)][way][name] = len(data)

    def _tick(self, node: Node) -> None:
        now = time.perf_counter()
        self._seconds[_stage_of(node)] += now - self._last
        self._last = now

    def _gather(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        project = Path.cwd()
        for title, names in (("inputs", pipeline.inputs()), ("outputs", pipeline.all_outputs())):
            places = {path for name in names for path in list_places(catalog.get(name))}
            self._noted[title] = dict(
                one for path in sorted(places) for one in _hash_files(path, project)
            )
        if _FINDINGS in pipeline.datasets() and catalog.exists(_FINDINGS):
            self._noted["findings"] = dict(Counter(catalog.load(_FINDINGS)["rule_id"]))
        if _FIGURES in pipeline.datasets() and catalog.exists(_FIGURES):
            self._noted["figures"] = _name_figures(read_rows(catalog.load(_FIGURES)))


def list_places(dataset: Any) -> dict[Path, bool]:
    """Return the files and folders of a dataset, and whether times count in them."""
    path = getattr(dataset, "_filepath", None)
    places: dict[Path, bool] = getattr(dataset, "places", {Path(path): False} if path else {})
    return places


def _stage_of(node: Node) -> str:
    return next(iter(sorted(node.tags)), node.name)


def _hash_files(place: Path, project: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a place by their path from the project, with their hashes."""
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    for path in (one for one in files if one.is_file()):
        inside = path.is_relative_to(project)
        yield (path.relative_to(project) if inside else path).as_posix(), _hash_file(path)


def _hash_file(path: Path) -> str:
    total = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    except OSError:
        return ""
    return total.hexdigest()


RECORDER = RunRecorder()


def _name_figures(rows: Iterable[Row]) -> dict[str, Any]:
    # Of each figure the last revision.
    ordered = sorted(rows, key=itemgetter("revision"))
    return {f"{row['indicator_title']} {row['period']}": row["value"] for row in ordered}
