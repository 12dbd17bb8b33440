from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog

from sumida_data.datasets import OptionalTableDataset


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    return DataCatalog({"table": OptionalTableDataset(filepath=str(tmp_path / "table.parquet"))})


def test_a_table_that_is_not_there_loads_as_none(catalog: DataCatalog) -> None:
    assert catalog.load("table") is None


def test_a_table_that_is_there_loads(catalog: DataCatalog) -> None:
    table = pd.DataFrame({"code": ["1203"]})
    catalog.save("table", table)
    assert catalog.load("table").to_dict("list") == {"code": ["1203"]}
