from pathlib import Path

import pytest
from kedro.io import DataCatalog, DatasetError

from sumida_data.datasets import RegisterDataset
from sumida_data.survey.reading.registers import REGISTERS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "municipalities.csv"


@pytest.fixture
def catalog(path: Path) -> DataCatalog:
    return DataCatalog({"municipalities_csv": RegisterDataset(filepath=str(path))})


def test_a_register_of_excel_loads_as_text_in_the_order_of_its_columns(
    path: Path, catalog: DataCatalog
) -> None:
    text = "municipality_name,memo,municipality_code,prefecture_name\n札幌市,,011002,北海道\n"
    path.write_text(text, "cp932")
    frame = catalog.load("municipalities_csv")
    assert frame.to_dict("records") == [
        {
            "municipality_code": "011002",
            "prefecture_name": "北海道",
            "municipality_name": "札幌市",
        }
    ]


def test_a_register_without_rows_has_its_columns(path: Path, catalog: DataCatalog) -> None:
    path.write_text(",".join(REGISTERS["municipalities"]), "utf-8-sig")
    assert tuple(catalog.load("municipalities_csv").columns) == REGISTERS["municipalities"]


def test_a_preview_shows_the_first_rows(path: Path) -> None:
    heading = ",".join(REGISTERS["municipalities"])
    path.write_text("\n".join([heading, *["131075,東京都,墨田区"] * 9]), "utf-8")
    assert len(RegisterDataset(filepath=str(path)).preview(nrows=2)["data"]) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "がありません"), ("a,b", "municipalities.csv に列 municipality_code、")],
)
def test_a_mistake_is_told_in_one_line_of_its_own(
    path: Path, catalog: DataCatalog, content: str | None, told: str
) -> None:
    if content:
        path.write_text(content, "utf-8")
    with pytest.raises(DatasetError, match=told) as caught:
        catalog.load("municipalities_csv")
    assert "\n" not in str(caught.value)
    assert "RegisterDataset" not in str(caught.value)
