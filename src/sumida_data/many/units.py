"""One municipality as a unit of work: from its files to its answers, values, verdicts and lineage.

A unit knows nothing of the others and of where it runs: in processes of one machine, or on Spark,
to which scheduling, moving and retrying on many machines is left. What it makes is Parquet by
table, municipality and quarter; a mark with the hash of all that decides its results is written
last, so that a unit that was interrupted is done again, and one of which nothing changed is not.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sumida_data.base import frames
from sumida_data.base.disk import (
    explain_os_error,
    hash_place,
    list_visible,
    remove_folder,
    replace_file,
)
from sumida_data.base.metadata import DataDictionary
from sumida_data.many import Many
from sumida_data.plan.models import Plans
from sumida_data.plan.progress import assess_values
from sumida_data.plan.values import compute_indicators, measure_coverage
from sumida_data.sources.central import CentralCollector, CentralContents, Municipality
from sumida_data.survey import corrections as agreed
from sumida_data.survey import departments as offices
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.files import SourceFile, open_deliveries
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSource, Form, Waves
from sumida_data.survey.reading import registers as kept
from sumida_data.survey.tables import build_typed_tables

# So many are worked on together: what is computed of many costs little more than of one.
_TOGETHER = 8
# A process is replaced after so many such groups, so that its memory stays flat.
_GROUPS_PER_PROCESS = 25


class EngineError(RuntimeError):
    """The engine asked for is not there; the text says what to do."""


class Outcome(NamedTuple):
    """What became of a unit: ``done``, ``kept`` as it was, or ``failed`` for a reason."""

    code: str
    state: str
    reason: str = ""


class Registers(NamedTuple):
    """What the office keeps of a municipality, or of all that have no rows of their own."""

    departments: Sequence[offices.Department] = ()
    successions: Sequence[offices.Succession] = ()
    corrections: Sequence[agreed.Correction] = ()
    headings: Sequence[kept.MappedHeading] = ()


class Unit(NamedTuple):
    """What the files of a municipality say, before anything is computed of it."""

    code: str
    key: str  # the hash of all that decides its results
    answer: pa.Table
    response: pa.Table
    alone: Mapping[str, pa.Table]  # the tables whose rows name no municipality

    @property
    def kind(self) -> tuple[list[str], bool]:
        """What units have in common that are computed together: quarters, and sample or not."""
        periods = sorted(pc.unique(self.response["period"]).to_pylist())
        return periods, bool(pc.any(self.response["sample"]).as_py())


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
    registers: Mapping[str, Registers]  # by code; under '' those of all that have none
    survey: Path  # with one folder for each municipality, as the central files
    external: Path
    results: Path
    receipts: Path  # with the ledger of each municipality
    fingerprint: str  # hash of all settings and of the code

    def process(self, codes: Iterable[str]) -> list[Outcome]:
        """Do units, but for those of which nothing has changed; what fails is set aside."""
        outcomes: list[Outcome] = []
        units: list[Unit] = []
        for code in codes:
            try:
                places = (self.survey / code, self.external / code)
                key = "\n".join((self.fingerprint, *map(hash_place, places)))
                mark = self._mark(code)
                has_run, has_ledger = mark.is_file(), self._ledger(code).is_file()
                if has_run and has_ledger and mark.read_text("utf-8") == key:
                    outcomes.append(Outcome(code, "kept"))
                    continue
                self.remove_results(code)
                units.append(self.read(code, key, has_run=has_run))
            except Exception as error:  # one municipality never stops the others
                outcomes.append(self._set_aside(code, error))
        for _, alike in groupby(sorted(units, key=attrgetter("kind")), attrgetter("kind")):
            outcomes += self._finish([*alike])
        return outcomes

    def _finish(self, units: Sequence[Unit]) -> list[Outcome]:
        try:
            tables = self.compute(units)
        except Exception as error:
            if len(units) == 1:
                return [self._set_aside(units[0].code, error)]
            # By itself, each shows whether it was the one.
            return [one for unit in units for one in self._finish([unit])]
        return [self._write(unit, tables) for unit in units]

    def _write(self, unit: Unit, tables: Mapping[str, pa.Table]) -> Outcome:
        is_own = pc.field("municipality_code") == unit.code
        own = {name: table.filter(is_own) for name, table in tables.items()}
        try:
            for name, table in {**own, **unit.alone}.items():
                # A table without rows is written, too: so it is there to be asked.
                for period in pc.unique(table["period"]).to_pylist() or [None]:
                    folder = self.results / name / f"municipality={unit.code}"
                    folder /= f"quarter={period or 'none'}"
                    folder.mkdir(parents=True, exist_ok=True)
                    of = pc.field("period")
                    chosen = table.filter(of == period if period else of.is_null())
                    pq.write_table(chosen, folder / "part.parquet")
            replace_file(self._mark(unit.code), unit.key.encode())
        except Exception as error:
            return self._set_aside(unit.code, error)
        return Outcome(unit.code, "done")

    def _set_aside(self, code: str, error: Exception) -> Outcome:
        with suppress(OSError):
            self.remove_results(code)
        reason = explain_os_error(error) if isinstance(error, OSError) else str(error)
        if not isinstance(error, OSError | ValueError):
            reason = repr(error)
        return Outcome(code, "failed", reason)

    def read(self, code: str, key: str = "", *, has_run: bool = False) -> Unit:
        """Read what a municipality sent, and correct it as was agreed."""
        home = self.municipalities.get(code)
        if home is None:
            raise kept.ReferenceTableError(f"{code} は municipalities.csv にありません。")
        described = self.dictionary
        departments, successions, corrections, headings = self.registers.get(
            code, self.registers.get("", Registers())
        )
        files = {file.name: file for file in _list_files(self.survey / code)}
        reader, path = self._make_reader(tuple(headings)), self._ledger(code)
        known = frames.read_rows(frames.to_frame(pq.read_table(path))) if path.is_file() else ()
        ledger = Ledger(known, is_lost=has_run and not path.is_file())
        collector = Collector(reader, self.waves, departments, code, successions, ledger)
        collected = collector.collect(files)
        receipt = frames.build_frame(described["receipt"], ledger.rows)
        replace_file(path, frames.write_parquet(frames.to_arrow(receipt)))
        response = frames.to_arrow(frames.build_frame(described["response"], collected.responses))
        contents = self._collect_central_files(home, response)
        # The ministry's table lists all municipalities.
        ours = [row for row in contents.answers if row.municipality_code == code]
        answer = frames.build_frame_of_tuples(described["answer"], [*collected.answers, *ours])
        found = [*collected.findings, *contents.findings]
        answer, corrected, left = agreed.apply_corrections(answer, corrections, self.rules, found)
        rows = {"correction": corrected, "finding": [finding.as_row() for finding in left]}
        alone = {
            name: frames.to_arrow(frames.build_frame(described[name], rows[name])) for name in rows
        }
        return Unit(code, key, frames.to_arrow(answer), response, alone)

    def compute(self, units: Sequence[Unit]) -> dict[str, pa.Table]:
        """Return the tables of municipalities that are alike, made as those of a single one are."""
        described = self.dictionary
        answer, response = (
            frames.to_frame(pa.concat_tables(getattr(unit, name) for unit in units))
            for name in ("answer", "response")
        )
        parts = (*self.form.answer_sheets, *self.sources)
        tables = build_typed_tables(answer, [described[part.table] for part in parts])
        tables["answer"] = answer
        coverage = measure_coverage(self.form, self.waves, response)
        names = {unit.code: self.municipalities[unit.code].name for unit in units}
        computed, lineage, _ = compute_indicators(names, self.plans, tables, coverage, response)
        tables["response"] = response
        values = frames.build_frame(described["indicator_value"], computed)
        tables["indicator_value"] = values
        progress = assess_values(self.plans, frames.read_rows(values))
        tables["indicator_progress"] = frames.build_frame(described["indicator_progress"], progress)
        return {name: frames.to_arrow(frame) for name, frame in tables.items()} | {
            "lineage": lineage
        }

    def _collect_central_files(self, home: Municipality, response: pa.Table) -> CentralContents:
        known, sample = [*self.municipalities.values()], bool(pc.any(response["sample"]).as_py())
        collector = CentralCollector(self.sources, self.rules, home, known, sample)
        files = {file.name: file for file in _list_files(self.external / home.code)}
        return collector.collect(files, sorted(pc.unique(response["period"]).to_pylist()))

    @cached_property
    def _make_reader(self) -> Callable[[tuple[kept.MappedHeading, ...]], FormReader]:
        # What a reader has judged once it knows in all municipalities.
        return lru_cache(lambda headings: FormReader(self.form, self.rules, headings))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the readers, which each process makes for itself."""
        return {name: one for name, one in vars(self).items() if name != "_make_reader"}

    def remove_results(self, code: str) -> None:
        """Remove what a municipality made, its mark first."""
        self._mark(code).unlink(missing_ok=True)
        for folder in self.results.glob(f"*/municipality={code}"):
            remove_folder(folder)

    def _ledger(self, code: str) -> Path:
        return self.receipts / f"{code}.parquet"

    def _mark(self, code: str) -> Path:
        return self.results / "done" / f"{code}.txt"


def parse_registers(
    registers: Sequence[Sequence[kept.TextRow]], form: Form
) -> dict[str, Registers]:
    """Read the rows of the registers, in their order, by the municipality's code that they carry.

    A mistake raises a ReferenceTableError.
    """
    by_code: defaultdict[str, list[list[kept.TextRow]]] = defaultdict(
        lambda: [[] for _ in registers]
    )
    for number, rows in enumerate(registers):
        for line, row in enumerate(rows, start=2):
            if any(row.values()):
                code = row.get("municipality_code") or ""
                by_code[code][number].append({**row, kept.LINE: str(line)})
    common = by_code[""]
    return {
        code: _parse([own or rows for own, rows in zip(of_one, common, strict=True)], form)
        for code, of_one in by_code.items()
    }


def _parse(rows: Sequence[Sequence[kept.TextRow]], form: Form) -> Registers:
    departments = offices.parse_departments(rows[0])
    successions = offices.parse_successions(rows[1], departments)
    corrections = agreed.parse_corrections(rows[2], form)
    return Registers(departments, successions, corrections, kept.parse_layout_map(rows[3], form))


def _list_files(folder: Path) -> Iterator[SourceFile]:
    """Yield a municipality's files by quarter; an archive may replace a quarter's folder."""
    found = []
    for path in list_visible(folder):
        name = path.relative_to(folder).as_posix()
        # FY2022Q3.zip is where the files of FY2022Q3/ are.
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
    done = _run_groups(work, [*_divide(codes, _choose_size(codes, workers))], workers)
    # After a process was brought down, each unit gets one of its own: it shows which did it.
    for code in (code for code in codes if code not in done):
        done |= _run_groups(work, [[code]], 1)
    reason = "処理していたプロセスが終了しました(メモリ不足など)。"
    return [done.get(code, Outcome(code, "failed", reason)) for code in codes]


def _run_groups(work: Work, groups: Sequence[Sequence[str]], workers: int) -> dict[str, Outcome]:
    done: dict[str, Outcome] = {}
    start = (max(1, min(workers, len(groups))), get_context("spawn"), _take_up, (work,))
    with ProcessPoolExecutor(*start, max_tasks_per_child=_GROUPS_PER_PROCESS) as pool:
        for future in [pool.submit(_process, group) for group in groups]:
            with suppress(BrokenProcessPool):
                done |= {outcome.code: outcome for outcome in future.result()}
    return done


def _choose_size(codes: Sequence[str], workers: int) -> int:
    """Return how many are worked on together, so that each worker has several groups."""
    return max(1, min(_TOGETHER, len(codes) // (4 * workers)))


def _divide(codes: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (codes[start : start + size] for start in range(0, len(codes), size))


_taken_up: list[Work] = []


def _take_up(work: Work) -> None:
    # Once in each process, not with each unit.
    _taken_up.append(work)


def _process(codes: Sequence[str]) -> list[Outcome]:
    return _taken_up[0].process(codes)


def start_spark(master: str) -> Any:
    """Return a session of Spark, that which runs or a new one.

    Raises EngineError where Spark is not there.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # an extra of its own
    except ImportError as error:
        raise EngineError(
            "engine: spark には PySpark が要ります。pip install .[spark] を実行してください。"
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # A municipality's code is a text; what is left to sum of each municipality is little.
    options = {
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    }
    try:
        builder: Any = SparkSession.builder
        return builder.master(master).appName("sumida-data").config(map=options).getOrCreate()
    except Exception as error:
        raise EngineError(
            f"Sparkを始められません(master: {master})。Java 17 と master のアドレスを"
            f"確かめてください。{error}"
        ) from error


def _run_on_spark(work: Work, codes: Sequence[str], master: str) -> list[Outcome]:
    context = start_spark(master).sparkContext
    groups = [*_divide(codes, _choose_size(codes, context.defaultParallelism))]
    # One group is one task: what Spark retries are its municipalities.
    tasks = context.parallelize(groups, max(1, len(groups)))
    return [Outcome(*row) for row in tasks.flatMap(work.process).collect()]


def find_place(location: str) -> Path:
    """Return a place in the project as it is called from any folder."""
    return Path(location).resolve()
