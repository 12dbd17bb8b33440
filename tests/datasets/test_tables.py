import datetime
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from sumida_data.base.frames import build_frame, read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary

NAME = "department_succession"
ROW = {
    "row_id": "1",
    "predecessor_code": "1903",
    "successor_code": "1906",
    "changed_on": datetime.date(2024, 4, 1),
}


@pytest.fixture
def catalog(tmp_path: Path, dictionary: DataDictionary) -> DataCatalog:
    described = str(tmp_path / "data_dictionary.json")
    table: dict[str, Any] = {
        "type": "sumida_data.datasets.TableDataset",
        "table": "{table}",
        "dictionary": described,
        "filepath": str(tmp_path / "{table}.parquet"),
    }
    model = "sumida_data.base.metadata.DataDictionary"
    entry = {"type": "sumida_data.datasets.ModelDataset", "model": model, "filepath": described}
    other = entry | {"filepath": str(tmp_path / "other.json"), "optional": True, "private": True}
    config = {
        "data_dictionary": entry,
        "other_dictionary": other,
        "{table}#primary": table,
        "{table}#known": table | {"optional": True, "kept_since": [str(tmp_path / "ran")]},
    }
    catalog = DataCatalog.from_config(config)
    catalog.save("data_dictionary", dictionary)
    return catalog


@pytest.fixture
def frame(dictionary: DataDictionary) -> pd.DataFrame:
    return build_frame(dictionary[NAME], [ROW])


def test_what_decides_how_a_table_is_written_is_known(
    catalog: DataCatalog, dictionary: DataDictionary
) -> None:
    known = [catalog.get(f"{NAME}#primary").hash_description() for _ in range(2)]
    other = dictionary.model_dump()
    for table in other["tables"]:
        if table["name"] == NAME:
            table["fields"][-1]["required"] = True
    catalog.save("data_dictionary", DataDictionary.model_validate(other))
    assert len({*known, catalog.get(f"{NAME}#primary").hash_description()}) == 2


@pytest.mark.parametrize("make", [lambda f: f, to_arrow, read_rows, lambda _: [ROW]])
def test_a_fitting_table_is_written_in_whatever_form_it_comes(
    catalog: DataCatalog, frame: pd.DataFrame, make: Any
) -> None:
    catalog.save(f"{NAME}#primary", make(frame))
    loaded = catalog.load(f"{NAME}#primary")
    assert read_rows(loaded) == [ROW | {"note": None}]
    assert list(loaded.dtypes) == list(frame.dtypes)


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
        (lambda f: [{**read_rows(f)[0], "successor_code": None}], "successor_code"),
    ],
)
def test_a_break_of_the_schema_is_not_written(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path, spoil: Any, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        catalog.save(f"{NAME}#primary", spoil(frame))
    assert not (tmp_path / f"{NAME}.parquet").exists()


def test_what_is_remembered_need_not_be_there(catalog: DataCatalog) -> None:
    assert catalog.load(f"{NAME}#known") is None
    assert catalog.load("other_dictionary") is None
    catalog.save(f"{NAME}#known", [ROW])
    assert len(catalog.load(f"{NAME}#known")) == 1


def test_a_model_comes_back_as_an_object(catalog: DataCatalog, dictionary: DataDictionary) -> None:
    assert catalog.load("data_dictionary") == dictionary
    with pytest.raises(DatasetError):
        catalog.load(f"{NAME}#primary")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_what_officers_wrote_is_for_the_owner_of_the_file_alone(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path
) -> None:
    catalog.save(f"{NAME}#primary", frame)
    for name in ("answer", "finding", "initiative"):
        catalog.save(f"{name}#primary", [])
        assert (tmp_path / f"{name}.parquet").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / f"{NAME}.parquet").stat().st_mode & 0o044


@pytest.mark.parametrize(("entry", "remedy"), [("known", "控えから戻し"), ("primary", "消して")])
@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda b: b[:100], lambda b: b[:4] + b[4:9] * 99 + b[499:]]
)
def test_of_a_damaged_file_it_is_said_what_to_do(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path, entry: str, remedy: str, damage: Any
) -> None:
    catalog.save(f"{NAME}#{entry}", frame)
    path = tmp_path / f"{NAME}.parquet"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DatasetError, match=rf"{NAME}.parquet: 壊れていて読めません。{remedy}"):
        catalog.load(f"{NAME}#{entry}")


def test_of_a_file_that_is_not_there_kedro_says_so(catalog: DataCatalog) -> None:
    with pytest.raises(DatasetError, match="Failed while loading"):
        catalog.load(f"{NAME}#primary")


def test_what_was_remembered_and_is_lost_is_told(
    catalog: DataCatalog, frame: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert catalog.load(f"{NAME}#known") is None
    assert "がありません" not in caplog.text
    (tmp_path / "ran").touch()
    assert read_rows(catalog.load(f"{NAME}#known")) == []
    assert f"{NAME}.parquet がありません。" in caplog.text
    assert "控えから戻し" in caplog.text
    caplog.clear()
    catalog.save(f"{NAME}#known", frame)
    assert catalog.load(f"{NAME}#known") is not None
    assert "がありません" not in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_private_model_is_for_its_owner_alone(
    catalog: DataCatalog, dictionary: DataDictionary, tmp_path: Path
) -> None:
    catalog.save("other_dictionary", dictionary)
    modes = [
        (tmp_path / name).stat().st_mode & 0o077 for name in ("other.json", "data_dictionary.json")
    ]
    assert modes[0] == 0 < modes[1]
