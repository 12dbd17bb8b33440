"""The figures of the ward's deck of 2 November 2023, recomputed from the sample returns.

The sample ward is invented; its totals are the published ones. The ground truth beside this file
holds them, with numerators and denominators as the sample makes them.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from sumida_data.base.frames import build_frame, build_frame_of_tuples, join_frames, to_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.datasets import FolderDataset
from sumida_data.pipelines.indicators import compute_values
from sumida_data.pipelines.ingest import (
    build_tables,
    collect_central_files,
    collect_returns,
    prepare_collector,
)
from sumida_data.plan.models import Plan, Plans
from sumida_data.privacy.counts import Privacy
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.opened import OpenedFiles
from tests.project import PROJECT, Project

pytestmark = pytest.mark.usefixtures("unmeasured")

TRUTH = Path(__file__).parent / "ground_truth/fy2022q3.csv"
PERIOD = "FY2022Q3"


@dataclass(frozen=True)
class ChangedFile(SourceFile):
    """A received file with one cell changed."""

    content: bytes = b""

    def read(self) -> bytes:
        return self.content


@dataclass(frozen=True)
class Ward:
    """Everything that values are computed from."""

    form: Form
    waves: Waves
    rules: FindingRules
    municipality: HomeMunicipality
    plans: Plans
    privacy: Privacy
    sources: CentralSources
    dictionary: DataDictionary
    survey: Mapping[str, SourceFile]
    external: Mapping[str, SourceFile]
    opened_files: OpenedFiles

    def compute(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return values, lineage and answers of all quarters."""
        register = lambda name: pd.read_csv(  # noqa: E731
            PROJECT / f"data/01_raw/reference/{name}.csv",
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
        collector = prepare_collector(
            self.form,
            self.waves,
            self.rules,
            self.municipality,
            register("departments"),
            register("department_succession"),
            register("layout_map"),
            self.opened_files,
            None,
        )
        answers, response, *_, quarters = collect_returns(
            collector, dict(self.survey), {}, self.dictionary, {}
        )
        central, *_ = collect_central_files(
            self.sources,
            self.rules,
            self.municipality,
            dict(self.external),
            register("municipalities"),
            quarters,
            None,
            self.opened_files,
            self.dictionary,
        )
        answer = join_frames(build_frame_of_tuples(self.dictionary["answer"], answers), central)
        tables = build_tables(answer, self.dictionary, self.form, self.sources)
        values, lineage, _ = compute_values(
            self.municipality,
            self.plans,
            self.form,
            self.waves,
            response,
            register("departments"),
            self.privacy,
            answer=answer,
            **tables,
        )
        frame = build_frame(self.dictionary["indicator_value"], values)
        return frame, to_frame(lineage), answer

    def change(self, name: str, sheet: str, cell: str, value: str) -> "Ward":
        """Return the ward with one cell of one file changed."""
        files = dict(self.survey) if name in self.survey else dict(self.external)
        change = change_csv if name.endswith(".csv") else change_workbook
        files[name] = ChangedFile(
            name, files[name].path, change(files[name].read(), sheet, cell, value)
        )
        return replace(self, survey=files) if name in self.survey else replace(self, external=files)


def change_workbook(content: bytes, sheet: str, cell: str, value: str) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    book[sheet][cell] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def change_csv(content: bytes, _: str, cell: str, value: str) -> bytes:
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp932"
    rows = list(csv.reader(io.StringIO(content.decode(encoding))))
    row, column = (
        openpyxl.utils.cell.coordinate_from_string(cell)[1],
        openpyxl.utils.cell.coordinate_to_tuple(cell)[1],
    )
    rows[row - 1][column - 1] = value
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode(encoding)


def compare_with_truth(values: pd.DataFrame) -> list[str]:
    """Return a line for every difference between the values of the quarter and the truth."""
    found = values[values["period"] == PERIOD].set_index("indicator_id")
    with TRUTH.open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    differences = [
        f"{name} is missing" for name in {row["indicator_id"] for row in truth} ^ set(found.index)
    ]
    for row in truth:
        ours = found.loc[row["indicator_id"]]
        for part in ("value", "numerator", "denominator"):
            wanted = Decimal(row[part]) if row[part] else None
            if (None if pd.isna(ours[part]) else ours[part]) != wanted:
                differences.append(f"{row['indicator_id']}: {part} {ours[part]}, not {wanted}")
        if ours["as_of"] != date.fromisoformat(row["as_of"]):
            differences.append(f"{row['indicator_id']}: as of {ours['as_of']}")
    return differences


@pytest.fixture(scope="module")
def ward(  # one fixture for each thing that values are computed from
    sample_project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    form: Form,
    waves: Waves,
    rules: FindingRules,
    municipality: HomeMunicipality,
    plans: Plans,
    sources: CentralSources,
    dictionary: Any,
    raw_parameters: dict[str, Any],
) -> Ward:
    raw = sample_project.path / "data/01_raw"
    return Ward(
        form,
        waves,
        rules,
        municipality,
        plans,
        Privacy.model_validate(raw_parameters["privacy"]),
        sources,
        dictionary,
        FolderDataset(path=str(raw / "survey")).load(),
        FolderDataset(path=str(raw / "external")).load(),
        OpenedFiles(tmp_path_factory.mktemp("opened")),
    )


@pytest.fixture(scope="module")
def computed(ward: Ward) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lineage and answers of the quarter, whose values are those published."""
    values, lineage, answer = ward.compute()
    assert compare_with_truth(values) == []
    return lineage[lineage["period"] == PERIOD], answer[answer["period"] == PERIOD]


def test_every_published_value_but_a_zero_rests_on_cells(
    computed: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    lineage, _ = computed
    with TRUTH.open(encoding="utf-8") as file:
        counted = {
            row["indicator_id"] for row in csv.DictReader(file) if row["value"] not in ("", "0")
        }
    # A zero leads back to the sheets that were searched.
    found = lineage[lineage["role"] != "searched"]
    assert set(found["indicator_id"]) == counted
    assert set(lineage["indicator_id"]) - counted == {"serious_incidents"}


def test_baselines_and_targets_are_those_published(plan: Plan) -> None:
    with TRUTH.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            indicator = next(i for i in plan.indicators if i.indicator_id == row["indicator_id"])
            assert (
                str(indicator.baseline.value if indicator.baseline.value is not None else "")
                == row["baseline"]
            )
            assert (
                str(indicator.target.target_min if indicator.target.target_min is not None else "")
                == row["target_min"]
            )
            assert (
                str(indicator.target.target_max if indicator.target.target_max is not None else "")
                == row["target_max"]
            )
            assert str(indicator.target.target_date) == row["target_date"]


# For each indicator a field that counts, and what stands in its cell after the change.
CHANGES = {
    "online_procedures_dx": ("online_status", "予定"),
    "online_procedures_priority": ("online_started_on", "2023-01-01"),
    "cashless_procedures": ("cashless_status", "未定"),
    "online_consultations": ("consultation_status", "未実施"),
    "mynumber_card_rate": ("cards", "163502"),
    "open_datasets": ("file_status", "配信停止中"),
    "electronic_approval_rate": ("exempt", "0"),
    "staff_trainings": ("held_on", "2022-03-31"),
    "security_training_rate": ("trainees", "1"),
}


def test_one_changed_cell_makes_the_comparison_fail(
    ward: Ward, computed: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Each indicator has a cell of its own, which changes it and no other; so one run shows all."""
    changed, cells = ward, {name: find_cell(*computed, name, CHANGES[name][0]) for name in CHANGES}
    for name, cell in cells.items():
        value = CHANGES[name][1]
        assert cell["raw_text"] != value
        changed = changed.change(cell["source_file"], cell["sheet"], cell["cell"], value)
    _, answer = computed
    incident = answer[(answer["field"] == "serious") & (answer["value"] == "非該当")].iloc[0]
    changed = changed.change(incident["source_file"], incident["sheet"], incident["cell"], "該当")
    places = {(cell["source_file"], cell["sheet"], cell["cell"]) for cell in cells.values()}
    assert len(places) == len(CHANGES)
    differences = compare_with_truth(changed.compute()[0])
    assert {line.partition(":")[0] for line in differences} == {*CHANGES, "serious_incidents"}
    assert "serious_incidents: value 1.0000, not 0" in differences


def find_cell(lineage: pd.DataFrame, answer: pd.DataFrame, indicator_id: str, field: str) -> Any:
    """Return a cell that alone decides whether its row counts."""
    cells = lineage[
        (lineage["indicator_id"] == indicator_id)
        & (lineage["field"] == field)
        & (lineage["change"] != "carried_forward")
    ]
    if indicator_id == "open_datasets":
        # A dataset of several files stays published when one of them goes.
        ids = answer[answer["field"] == "dataset_id"]
        alone = ids[~ids["value"].duplicated(keep=False)]
        cells = cells[cells["row_id"].isin(alone["record_id"])]
    if indicator_id == "staff_trainings":
        # A training that an earlier return lists as well stays counted.
        cells = cells[cells["value"] >= "2022-10-01"]
    return cells.iloc[0]
