"""The packages pipeline runs on frames, and misses no table."""

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import HomeMunicipality
from sumida_data.catalogue.record import TargetRecord
from sumida_data.datasets import DuckDBDataset, FolderDataset, ModelDataset, TableDataset
from sumida_data.packages.database import MADE_HERE
from sumida_data.packages.models import Views
from sumida_data.pipelines.packages import create_pipeline
from sumida_data.pipelines.wiring import list_tables, name_dataset
from sumida_data.plan.models import ReportedPeriod
from sumida_data.privacy.counts import Privacy
from sumida_data.privacy.gate import HIDDEN
from sumida_data.site.content import SiteSettings
from sumida_data.survey.form import CentralSources, Waves
from tests.packages.conftest import build, build_packages_of, built, frames, packages

__all__ = ["build", "build_packages_of", "built", "frames", "packages"]


@pytest.fixture
def catalog(tmp_path, dictionary, frames, packages, form, plans, raw_parameters):
    datasets = {
        "data_dictionary": MemoryDataset(dictionary),
        "params:packages": MemoryDataset(packages),
        "params:municipality": MemoryDataset(
            HomeMunicipality.model_validate(raw_parameters["municipality"])
        ),
        "params:plans": MemoryDataset(plans),
        "params:waves": MemoryDataset(Waves.model_validate(raw_parameters["waves"])),
        "params:site": MemoryDataset(SiteSettings.model_validate(raw_parameters["site"])),
        "params:sources": MemoryDataset(CentralSources.model_validate(raw_parameters["sources"])),
        "params:privacy": MemoryDataset(Privacy.model_validate(raw_parameters["privacy"])),
        "released_texts_csv": MemoryDataset(pd.DataFrame(columns=["period"])),
        "cleared_texts_csv": MemoryDataset(pd.DataFrame(columns=["text"])),
        "params:period": MemoryDataset(ReportedPeriod("latest")),
        "survey_returns": FolderDataset(path=str(tmp_path / "survey")),
        "external_files": FolderDataset(path=str(tmp_path / "external")),
        "params:form": MemoryDataset(form),
        "params:views": MemoryDataset(Views.model_validate(raw_parameters["views"])),
        "database": DuckDBDataset(
            filepath=str(tmp_path / "sumida.duckdb"), state=str(tmp_path / "state.json")
        ),
        "published_packages": FolderDataset(path=str(tmp_path / "published")),
        "packages": FolderDataset(path=str(tmp_path / "05_package")),
        "written_packages": FolderDataset(path=str(tmp_path / "05_package")),
        "known_package_builds": ModelDataset(
            model="sumida_data.packages.package.Builds",
            filepath=str(tmp_path / "builds.json"),
            optional=True,
        ),
        "target_record": MemoryDataset(TargetRecord(Path("none"))),
        "catalogue_files": FolderDataset(path=str(tmp_path / "preview")),
    }
    for name in list_tables("typed", "primary", "check", "indicator"):
        frame = frames.get(name, build_frame(dictionary[name], []))
        datasets[name_dataset(name)] = MemoryDataset(frame)
    checks, scores = (
        build_frame(dictionary[name], []) for name in ("readability_check", "readability_score")
    )
    datasets |= {
        "readability_before": MemoryDataset(checks),
        "readability_check#received": MemoryDataset(checks),
        "readability_score#received": MemoryDataset(scores),
    }
    described = tmp_path / "data_dictionary.json"
    described.write_text(dictionary.model_dump_json(), "utf-8")
    for name in list_tables("release"):
        datasets[name_dataset(name)] = TableDataset(
            table=name, dictionary=str(described), filepath=str(tmp_path / f"{name}.parquet")
        )
    return DataCatalog(datasets)


def test_every_described_table_goes_into_the_database(dictionary):
    tables = list_tables("typed", "primary", "check", "indicator", "release")
    # The ledger of receipts is remembered apart.
    listed = {*tables, *MADE_HERE, "receipt"}
    assert listed == set(dictionary.names())


def test_a_run_writes_packages_preview_and_database(catalog, tmp_path, built, packages):
    SequentialRunner().run(create_pipeline(), catalog)
    assert {name: file.read() for name, file in catalog.load("packages").items()} == built
    search = tmp_path / "preview/api/3/action/package_search"
    assert json.loads(search.read_text("utf-8"))["result"]["count"] == len(packages.packages)
    with duckdb.connect(tmp_path / "sumida.duckdb", read_only=True) as connection:
        tables = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone()
        value = connection.execute("SELECT max(value) FROM indicator_value").fetchone()
    made = list_tables("typed", "primary", "check", "indicator", "release")
    assert tables == (len(made) + len(MADE_HERE),)
    assert float(value[0]) == 59.3


def test_a_row_that_is_held_back_is_nowhere_and_told(catalog, tmp_path, dictionary, frames):
    rows = frames["procedure"].assign(procedure_name="問合せはmihon@example.jpへ")
    catalog["procedure#primary"] = MemoryDataset(rows)
    SequentialRunner().run(create_pipeline(), catalog)
    files = catalog.load("packages")
    assert b"mihon@" not in files["online-procedures/procedure.csv"].read()
    assert b"rowsHeldBack" in files["online-procedures/datapackage.json"].read()
    page = (tmp_path / "preview/index.html").read_text("utf-8")
    assert "mihon@" not in page
    with duckdb.connect(tmp_path / "sumida.duckdb", read_only=True) as connection:
        found = connection.execute("SELECT package_name, outcome FROM privacy_check").fetchall()
        names = connection.execute("SELECT DISTINCT procedure_name FROM procedure").fetchall()
    assert found == [("online-procedures", "held_back")]
    assert names == [(HIDDEN,)]
