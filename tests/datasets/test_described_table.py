from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.validation.exceptions import DataValidationError

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary

ROW = {"row_id": "1", "predecessor_code": "1903", "successor_code": "1906"}


@pytest.fixture
def catalog(tmp_path: Path, dictionary: DataDictionary) -> DataCatalog:
    described = tmp_path / "data_dictionary.json"
    described.write_text(dictionary.model_dump_json(), "utf-8")
    entry: dict[str, Any] = {
        "type": "pandas.ParquetDataset",
        "filepath": str(tmp_path / "{table}.parquet"),
        "validator": {
            "class": "sumida_data.datasets.DescribedTableValidator",
            "on": "save",
            "options": {"table": "{table}", "filepath": str(described)},
        },
    }
    return DataCatalog.from_config({"{table}#primary": entry})


@pytest.fixture
def frame(dictionary: DataDictionary) -> pd.DataFrame:
    changed = pd.Timestamp("2024-04-01").date()
    return build_frame(dictionary["department_succession"], [ROW | {"changed_on": changed}])


def test_a_fitting_table_is_written(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path
) -> None:
    catalog.save("department_succession#primary", frame)
    assert (tmp_path / "department_succession.parquet").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(columns="note"), "note"),
        (lambda f: f.assign(extra=1), "extra"),
        (lambda f: f.assign(changed_on="2024-04-01"), "changed_on"),
        (lambda f: f[list(f.columns[::-1])], "order"),
        (
            lambda f: f.assign(successor_code=pd.array([None], f["successor_code"].dtype)),
            "successor_code",
        ),
    ],
)
def test_a_break_of_the_schema_is_not_written(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path, spoil: Any, message: str
) -> None:
    with pytest.raises(DataValidationError, match=message):
        catalog.save("department_succession#primary", spoil(frame))
    assert not (tmp_path / "department_succession.parquet").exists()
