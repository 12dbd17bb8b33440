"""One municipality as a unit of work: from its files to its answers, values, verdicts and lineage.

A unit knows nothing of the others and of where it runs: in processes of one machine, or on Spark,
to which scheduling, moving and retrying on many machines is left. What it makes is Parquet by
table, municipality and quarter; a mark with the hash of all that decides its results is written
last, so that a unit that was interrupted is done again, and one of which nothing changed is not.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sumida_data.base.disk import hash_place, remove_folder, replace_file
from sumida_data.base.frames import (
    build_frame,
    build_frame_of_tuples,
    read_rows,
    to_arrow,
    to_frame,
)
from sumida_data.base.metadata import DataDictionary
from sumida_data.many import Many
from sumida_data.plan.models import Plans
from sumida_data.plan.progress import assess_values
from sumida_data.plan.values import compute_indicators, measure_coverage
from sumida_data.sources.central import CentralCollector, CentralContents, Municipality
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile, open_deliveries
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSource, Form, Waves
from sumida_data.survey.reading.registers import ReferenceTableError
from sumida_data.survey.tables import build_typed_tables

# A process is replaced after so many units, so that its memory stays flat.
_UNITS_PER_PROCESS = 200


class EngineError(RuntimeError):
    """The engine asked for is not there; the text says what to do."""


class Outcome(NamedTuple):
    """What became of a unit: ``done``, ``kept`` as it was, or ``failed`` for a reason."""

    code: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Work:
    """All that decides what the units make, but for their files."""

    form: Form
    waves: Waves
    rules: FindingRules
    plans: Plans
    dictionary: DataDictionary
    sources: Sequence[CentralSource]
    municipalities: Mapping[str, Municipality]  # by code
    departments: Mapping[str, Sequence[Department]]  # under '' those of all that have none
    survey: Path  # with one folder for each municipality, as the central files
    external: Path
    results: Path
    receipts: Path  # with the ledger of each municipality
    fingerprint: str  # hash of all settings and of the code

    def process(self, code: str) -> Outcome:
        """Do a unit, unless nothing has changed since it was done; what fails is set aside."""
        try:
            places = (self.survey / code, self.external / code)
            key = "\n".join((self.fingerprint, *map(hash_place, places)))
            mark = self._mark(code)
            if mark.is_file() and mark.read_text("utf-8") == key:
                return Outcome(code, "kept")
            self.remove_results(code)
            for name, table in self.compute(code).items():
                periods = table["period"]
                # A table without rows is written, too: so it is there to be asked.
                for period in pc.unique(periods).to_pylist() or [None]:
                    folder = self.results / name / f"municipality={code}"
                    folder /= f"quarter={period or 'none'}"
                    folder.mkdir(parents=True, exist_ok=True)
                    chosen = pc.equal(periods, period) if period else pc.is_null(periods)
                    pq.write_table(table.filter(chosen), folder / "part.parquet")
            replace_file(mark, key.encode())
        except Exception as error:  # one municipality never stops the others
            return Outcome(code, "failed", f"{type(error).__name__}: {error}")
        return Outcome(code, "done")

    def compute(self, code: str) -> dict[str, pa.Table]:
        """Return the tables of a municipality, made as those of a single one are."""
        home = self.municipalities.get(code)
        if home is None:
            raise ReferenceTableError(f"{code} は municipalities.csv にありません。")
        described = self.dictionary
        departments = self.departments.get(code) or self.departments.get("", ())
        reader = FormReader(self.form, self.rules)
        files = {file.name: file for file in _list_files(self.survey / code)}
        ledger = self._read_ledger(code)
        collected = Collector(reader, self.waves, departments, code, ledger=ledger).collect(files)
        self._keep_ledger(code, ledger)
        response = build_frame(described["response"], collected.responses)
        contents = self._collect_central_files(home, response)
        # The ministry's table lists all municipalities.
        ours = [row for row in contents.answers if row.municipality_code == code]
        answer = build_frame_of_tuples(described["answer"], [*collected.answers, *ours])
        parts = (*self.form.answer_sheets, *self.sources)
        tables = build_typed_tables(answer, [described[part.table] for part in parts])
        tables["answer"] = answer
        coverage = measure_coverage(self.form, self.waves, response)
        computed, lineage, _ = compute_indicators(
            {code: home.name}, self.plans, tables, coverage, response
        )
        tables["response"] = response
        rows = [finding.as_row() for finding in (*collected.findings, *contents.findings)]
        tables["finding"] = build_frame(described["finding"], rows)
        values = build_frame(described["indicator_value"], computed)
        tables["indicator_value"] = values
        progress = assess_values(self.plans, read_rows(values))
        tables["indicator_progress"] = build_frame(described["indicator_progress"], progress)
        return {name: to_arrow(frame) for name, frame in tables.items()} | {"lineage": lineage}

    def _collect_central_files(self, home: Municipality, response: pd.DataFrame) -> CentralContents:
        known, sample = [*self.municipalities.values()], bool(response["sample"].any())
        collector = CentralCollector(self.sources, self.rules, home, known, sample)
        files = {file.name: file for file in _list_files(self.external / home.code)}
        return collector.collect(files, sorted(response["period"].unique()))

    def _read_ledger(self, code: str) -> Ledger:
        path = self.receipts / f"{code}.parquet"
        return Ledger(read_rows(to_frame(pq.read_table(path))) if path.is_file() else ())

    def _keep_ledger(self, code: str, ledger: Ledger) -> None:
        table = to_arrow(build_frame(self.dictionary["receipt"], ledger.rows))
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer)
        replace_file(self.receipts / f"{code}.parquet", buffer.getvalue().to_pybytes())

    def remove_results(self, code: str) -> None:
        """Remove what a municipality made, its mark first."""
        self._mark(code).unlink(missing_ok=True)
        for folder in self.results.glob(f"*/municipality={code}"):
            remove_folder(folder)

    def _mark(self, code: str) -> Path:
        return self.results / "done" / f"{code}.txt"


def _list_files(folder: Path) -> Iterator[SourceFile]:
    """Yield a municipality's files by quarter; an archive may stand for a quarter's folder."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        # FY2022Q3.zip stands where the files of FY2022Q3/ are.
        name = name if "/" in name else f"{name.split('.')[0]}/{name}"
        found.append(SourceFile.find(name, path))
    return open_deliveries(found)


def run_units(work: Work, settings: Many) -> list[Outcome]:
    """Do the units of all that have sent anything, and return what became of each, by code.

    The results of those whose files are gone go too. Raises EngineError where Spark is not there.
    """
    sent = work.survey.iterdir() if work.survey.is_dir() else ()
    codes = sorted(path.name for path in sent if path.is_dir())
    for mark in sorted((work.results / "done").glob("*.txt")):
        if mark.stem not in codes:
            work.remove_results(mark.stem)
    if settings.engine == "spark":
        return sorted(_run_on_spark(work, codes, settings.master))
    return _run_in_processes(work, codes, settings.workers or os.cpu_count() or 1)


def _run_in_processes(work: Work, codes: Sequence[str], workers: int) -> list[Outcome]:
    done: dict[str, Outcome] = {}
    for together in (True, False):
        waiting = [code for code in codes if code not in done]
        # After a process was brought down, each unit gets one of its own: it shows which did it.
        for group in [waiting] if together else [[code] for code in waiting]:
            with ProcessPoolExecutor(
                max(1, min(workers, len(group))),
                get_context("spawn"),
                _take_up,
                (work,),
                max_tasks_per_child=_UNITS_PER_PROCESS,
            ) as pool:
                futures = {code: pool.submit(_process, code) for code in group}
                for code, future in futures.items():
                    with suppress(BrokenProcessPool):
                        done[code] = future.result()
    reason = "処理していたプロセスが終了しました(メモリ不足など)。"
    return [done.get(code, Outcome(code, "failed", reason)) for code in codes]


_taken_up: list[Work] = []


def _take_up(work: Work) -> None:
    # Once in each process, not with each unit.
    _taken_up.append(work)


def _process(code: str) -> Outcome:
    return _taken_up[0].process(code)


def _run_on_spark(work: Work, codes: Sequence[str], master: str) -> list[Outcome]:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # an extra of its own
    except ImportError as error:
        raise EngineError(
            "engine: spark には PySpark が要ります。pip install .[spark] を実行してください。"
        ) from error
    if not codes:
        return []
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

    def process(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            outcomes = [work.process(code) for code in frame["code"]]
            yield pd.DataFrame(outcomes, columns=Outcome._fields)

    try:
        builder: Any = SparkSession.builder
        options = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC"}
        session = builder.master(master).appName("sumida-data").config(map=options).getOrCreate()
    except Exception as error:
        raise EngineError(
            f"Sparkを始められません(master: {master})。Java 17 と master のアドレスを"
            f"確かめてください。{error}"
        ) from error
    units = session.createDataFrame([(code,) for code in codes], "code string")
    # One unit is one task: what Spark retries is one municipality.
    outcome = "code string, state string, reason string"
    rows = units.repartition(len(codes), "code").mapInPandas(process, outcome).collect()
    return [Outcome(*row) for row in rows]


def find_place(location: str) -> Path:
    """Return a place in the project as it is called from any folder."""
    return Path(location).resolve()
