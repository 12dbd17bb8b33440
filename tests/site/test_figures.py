"""Figures and values of one indicator, to be taken along."""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from tests.packages.conftest import CARD_RATE

Texts = dict[str, str]
START = "indicators/mynumber_card_rate"


def texts_of(svg: str) -> str:
    return " ".join("".join(one.itertext()) for one in ET.fromstring(svg).iter())  # noqa: S314


def test_the_figure_is_a_picture_of_its_own_with_source_day_and_verdict(pages: Texts) -> None:
    shown = texts_of(pages[f"{START}.svg"])
    for text in (
        "マイナンバーカード普及率",
        "59.3%",
        "令和5(2023)年1月31日現在",
        "順調",
        "CC-BY-4.0",
    ):
        assert text in shown
    for text in ("目標 70%", "定義は未確認", "出典：墨田区"):
        assert text in shown
    english = texts_of(pages[f"en/{START}.svg"])
    for text in ("My Number card rate", "31 January 2023", "On track", "Target 70%", "Source: "):
        assert text in english
    assert "http" not in pages[f"{START}.svg"].replace("http://www.w3.org/2000/svg", "")
    assert "見本データ" not in shown


def test_an_invented_figure_is_stamped(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    pages = render(build(indicator_value=[CARD_RATE | {"sample": True}]))
    assert "見本データ" in texts_of(pages[f"{START}.svg"])
    assert json.loads(pages[f"{START}.json"])["sample"] is True


def test_values_are_joined_but_not_over_a_break(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    later = CARD_RATE | {"row_id": "2", "period": "FY2022Q4", "as_of": date(2023, 3, 31)}
    broken = later | {"series_break": date(2023, 2, 1)}
    joined, apart = (
        render(build(indicator_value=[CARD_RATE, row]))[f"{START}.svg"] for row in (later, broken)
    )
    assert joined.count("<polyline") == 1
    assert joined.count('class="broken"') == 0
    assert apart.count("<polyline") == 0
    assert apart.count('class="broken"') == 1


def test_numbers_stay_numbers(pages: Texts) -> None:
    [row] = csv.DictReader(StringIO(pages[f"{START}.csv"]))
    assert (row["period"], Decimal(row["value"]), row["value_status"]) == (
        *("FY2022Q3", CARD_RATE["value"], "measured"),
    )
    assert pages[f"{START}.csv"].isascii()
    told = json.loads(pages[f"{START}.json"])
    assert told["values"][0]["value"] == 59.3
    assert told["target"]["target_min"] == 70
    assert told["page"].endswith(f"{START}.html")
    assert told["page"].startswith("http")


def test_every_value_has_an_address(pages: Texts) -> None:
    page = pages[f"{START}.html"]
    assert '<th scope="row" id="FY2022Q3">' in page
    assert 'href="#FY2022Q3"' in page
    assert "&lt;img src=" in page


def test_there_is_no_figure_without_a_value(pages: Texts) -> None:
    assert "indicators/open_datasets.svg" not in pages
    assert 'id="take"' not in pages["indicators/open_datasets.html"]


def test_a_dataset_comes_as_one_file_and_its_tables_as_json(
    pages: Texts, built: dict[str, bytes]
) -> None:
    bundle = pages["dataset/online-procedures/online-procedures.zip"].encode("latin-1")
    with ZipFile(BytesIO(bundle)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    assert files == {path: one for path, one in built.items() if path.startswith("online-p")}
    rows = json.loads(pages["dataset/dx-indicators/indicator_value.json"])
    assert rows[0]["value"] == 59.3
    assert rows[0]["as_of"] == "2023-01-31"
    page = pages["dataset/online-procedures/index.html"]
    assert 'href="online-procedures.zip" download' in page
