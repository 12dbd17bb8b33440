from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.datasets import FolderDataset
from sumida_data.pipelines.sample import create_pipeline
from sumida_data.sample.returns import RealFilesError
from sumida_data.sample.ward import Sample
from sumida_data.survey.form import CentralSources, Form, Waves

REGISTERS = Path(__file__).parents[3] / "data/01_raw/reference"


@pytest.fixture
def catalog(
    tmp_path: Path,
    raw_parameters: dict[str, Any],
    form: Form,
    waves: Waves,
    municipality: HomeMunicipality,
) -> DataCatalog:
    """The pipeline's datasets on empty folders, with one quarter to make."""
    sample = Sample.model_validate(raw_parameters["sample"])
    periods = {"FY2022Q3": sample.periods["FY2022Q3"]}
    parameters = {
        "params:sample": sample.model_copy(update={"periods": periods}),
        "params:form": form,
        "params:waves": waves,
        "params:municipality": municipality,
    }
    registers = {
        f"{name}_csv": pd.read_csv(
            REGISTERS / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
        for name in ("departments", "municipalities")
    }
    survey, external = str(tmp_path / "survey"), str(tmp_path / "external")
    return DataCatalog(
        {"locations": MemoryDataset({"survey_returns": survey, "external_files": external})}
        | {name: MemoryDataset(data) for name, data in (parameters | registers).items()}
        | {
            "survey_returns": FolderDataset(path=survey),
            "external_files": FolderDataset(path=external),
            "sample_facts": FolderDataset(path=str(REGISTERS / "sample")),
            "sample_survey_returns": FolderDataset(path=survey),
            "sample_external_files": FolderDataset(path=external),
        }
    )


def run(catalog: DataCatalog) -> None:
    SequentialRunner().run(create_pipeline(), catalog)


def test_returns_and_central_files_are_put_in_place(
    catalog: DataCatalog, sources: CentralSources
) -> None:
    run(catalog)
    returns = catalog.load("survey_returns")
    assert len(returns) == 71
    assert "FY2022Q3/1203_税務課_調査票.xlsx" in returns
    assert {name.split("/")[0] for name in catalog.load("external_files")} == {
        one.source for one in sources.root
    }


def test_sample_data_replaces_sample_data(catalog: DataCatalog) -> None:
    run(catalog)
    before = {name: file.read() for name, file in catalog.load("survey_returns").items()}
    run(catalog)
    after = {name: file.read() for name, file in catalog.load("survey_returns").items()}
    assert after == before


@pytest.mark.parametrize("folder", ["survey/FY2022Q3", "external/mynumber_card/FY2022Q3"])
def test_one_real_file_in_either_folder_keeps_both_as_they_are(
    catalog: DataCatalog, tmp_path: Path, make_workbook: Callable[..., bytes], folder: str
) -> None:
    real = tmp_path / folder / "real.xlsx"
    real.parent.mkdir(parents=True)
    real.write_bytes(make_workbook({"公表用": [["都道府県名", "市区町村名"]]}))
    with pytest.raises(RealFilesError):
        run(catalog)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [real]
