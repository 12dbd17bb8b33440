"""One municipality as a unit of work: from its files to its answers, values, verdicts and lineage.

A unit knows nothing of the others and of where it runs. What it makes is Parquet by table,
municipality and quarter; a mark with the hash of all that decides its results is written last, so
that a unit that was interrupted is done again, and one of which nothing changed is not.
"""

import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sumida_data.base.disk import hash_place, remove_folder, replace_file
from sumida_data.base.frames import build_frame, build_frame_of_tuples, read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.models import Plans
from sumida_data.plan.progress import assess
from sumida_data.plan.values import compute_indicators, measure_coverage
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile, open_deliveries
from sumida_data.survey.findings import FindingRules, Kind
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.tables import build_typed_tables

_MARKS = "done"
_TAR = (".tar", ".tgz", ".gz")


class UnknownMunicipalityError(ValueError):
    """A folder is named by a code that no register has."""


class Outcome(NamedTuple):
    """What became of a unit: ``done``, ``kept`` as it was, or ``failed`` for a reason."""

    code: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Work:
    """All that decides what the units make, but for their files.

    Attributes:
        names: Names of the municipalities by code.
        departments: Departments by municipality; under '' those of all that have none of their own.
        survey: The folder with one folder for each municipality.
        results: The folder of what is made.
        fingerprint: Hash of all settings and of the code.
    """

    form: Form
    waves: Waves
    rules: FindingRules
    plans: Plans
    dictionary: DataDictionary
    names: Mapping[str, str]
    departments: Mapping[str, Sequence[Department]]
    survey: Path
    results: Path
    fingerprint: str

    def list_units(self) -> list[str]:
        """Return the codes of the municipalities that have sent anything."""
        if not self.survey.is_dir():
            return []
        return sorted(path.name for path in self.survey.iterdir() if path.is_dir())

    def forget_gone(self, codes: Iterable[str]) -> None:
        """Remove the results of municipalities whose files are no longer there."""
        marks = {path.stem for path in (self.results / _MARKS).glob("*.txt")}
        for code in sorted(marks - set(codes)):
            self._remove_results(code)

    def process(self, code: str) -> Outcome:
        """Do a unit, unless nothing has changed since it was done; what fails is set aside."""
        try:
            key = f"{self.fingerprint}\n{hash_place(self.survey / code)}"
            mark = self.results / _MARKS / f"{code}.txt"
            if mark.is_file() and mark.read_text("utf-8") == key:
                return Outcome(code, "kept")
            self._remove_results(code)
            self._write(code, self.compute(code))
            mark.parent.mkdir(parents=True, exist_ok=True)
            replace_file(mark, key.encode())
        except Exception as error:  # one municipality never stops the others
            return Outcome(code, "failed", f"{type(error).__name__}: {error}")
        return Outcome(code, "done")

    def compute(self, code: str) -> dict[str, pa.Table]:
        """Return the tables of a municipality, made as those of a single one are.

        Raises:
            UnknownMunicipalityError: If no register has its code.
        """
        if code not in self.names:
            raise UnknownMunicipalityError(f"{code} は municipalities.csv にありません。")
        departments = self.departments.get(code) or self.departments.get("", ())
        reader = FormReader(self.form, self.rules)
        collector = Collector(reader, self.waves, departments, code)
        files = {file.name: file for file in self._list_files(code)}
        collected = collector.collect(files)
        response = build_frame(self.dictionary["response"], collected.responses)
        answer = build_frame_of_tuples(self.dictionary["answer"], collected.answers)
        described = [self.dictionary[part.table] for part in self.form.answer_sheets]
        typed = build_typed_tables(answer, described)
        rows = [finding.as_row() for finding in collected.findings]
        finding = build_frame(self.dictionary["finding"], rows)
        tables = {**typed, "answer": answer, "response": response, "finding": finding}
        made = {name: to_arrow(frame) for name, frame in tables.items()}
        return made | self._measure(code, {**typed, "answer": answer}, response)

    def _measure(
        self, code: str, tables: Mapping[str, pd.DataFrame], response: pd.DataFrame
    ) -> dict[str, pa.Table]:
        coverage = measure_coverage(self.form, self.waves, response)
        plans, name = self.plans, {code: self.names[code]}
        computed, lineage, _ = compute_indicators(name, plans, tables, coverage, response)
        values = build_frame(self.dictionary["indicator_value"], computed)
        progress = [
            row
            for value in read_rows(values)
            for plan in [plans.by_id[value["plan_id"]]]
            for row in assess(plan, plan.indicator(value["indicator_id"]), value)
        ]
        compared = build_frame(self.dictionary["indicator_progress"], progress)
        return {
            "indicator_value": to_arrow(values),
            "indicator_progress": to_arrow(compared),
            "lineage": lineage,
        }

    def _list_files(self, code: str) -> Iterator[SourceFile]:
        """Yield a municipality's files by quarter; an archive may stand for a quarter's folder."""
        folder = self.survey / code
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        files = (SourceFile.find(path.relative_to(folder).as_posix(), path) for path in found)
        named = (_name_by_quarter(file) for file in files)
        return open_deliveries(inner for file in named for inner in _open_tar(file))

    def _write(self, code: str, tables: Mapping[str, pa.Table]) -> None:
        for name, table in tables.items():
            periods = table["period"]
            # A table without rows is written, too: so it is there to be asked.
            for period in pc.unique(periods).to_pylist() or [None]:
                chosen = table.filter(
                    pc.is_null(periods) if period is None else pc.equal(periods, period)
                )
                quarter = f"quarter={period or 'none'}"
                folder = self.results / name / f"municipality={code}" / quarter
                folder.mkdir(parents=True, exist_ok=True)
                pq.write_table(chosen, folder / "part.parquet")

    def _remove_results(self, code: str) -> None:
        (self.results / _MARKS / f"{code}.txt").unlink(missing_ok=True)
        for folder in self.results.glob(f"*/municipality={code}"):
            remove_folder(folder)


def _name_by_quarter(file: SourceFile) -> SourceFile:
    """Put ``FY2022Q3.zip`` where the files of ``FY2022Q3/`` are."""
    if "/" in file.name:
        return file
    quarter = PurePosixPath(file.name).name.split(".")[0]
    return SourceFile(f"{quarter}/{file.name}", file.path, file.content, file.rule_id)


def _open_tar(file: SourceFile) -> Iterator[SourceFile]:
    """Yield the files of a tape archive, or the file; one cut off comes with what says so."""
    if not file.name.endswith(_TAR):
        yield file
        return
    quarter, inside = file.name.split("/")[0], []
    try:
        with tarfile.open(file.path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    name = f"{quarter}/{PurePosixPath(member.name).name}"
                    inside.append(SourceFile(name, file.path, content.read()))
    except (tarfile.TarError, EOFError, OSError):
        inside = []
    yield from inside or [SourceFile(file.name, file.path, b"", Kind.NOT_READABLE)]


def find_place(location: str) -> Path:
    """Return a place in the project as it is called from any folder."""
    return Path(location).resolve()
