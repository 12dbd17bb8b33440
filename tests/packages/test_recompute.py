"""The script that each package ships gives the same figures and verdicts as the project."""

import csv
import io
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sumida_data.packages import recompute
from sumida_data.packages.recompute import divide, judge, list_differences, main, read_tables
from sumida_data.plan.progress import assess
from tests.project import Quarter

SCRIPT = Path(recompute.__file__)


class TestSampleQuarter:
    @pytest.fixture
    def packages(self, quarter: Quarter, tmp_path: Path) -> Path:
        shutil.copytree(quarter.data / "05_package", tmp_path / "packages")
        return tmp_path / "packages"

    def test_every_figure_and_verdict_comes_out_as_published(self, packages: Path) -> None:
        for folder in packages.iterdir():
            assert (folder / SCRIPT.name).read_bytes() == SCRIPT.read_bytes()
        script = packages / "staff-training" / SCRIPT.name
        done = subprocess.run(
            [sys.executable, "-I", str(script)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "公表と違うもの 0" in done.stdout
        found = list(list_differences(read_tables(packages.iterdir())))
        counted = {where.split()[0] for what, where, *_ in found if what == "分子と分母"}
        assert {"online_procedures_dx", "cashless_procedures", "mynumber_card_rate"} <= counted

    def test_what_is_different_is_told(
        self, packages: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = packages / "dx-indicators/indicator_value.csv"
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
        value = rows[0].index("value")
        rows[1][value] = "999"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        assert main([str(path.parent)]) == 1
        assert "公表した値は 999" in capsys.readouterr().out


def test_a_ratio_that_has_no_baseline_counts_from_no_start() -> None:
    key = {"indicator_id": "x", "period": "FY2022Q3", "revision": "1"}
    indicator = {"kind": "ratio", "goal": "at_least", "decimals": "1", "query": "SELECT nothing"}
    value = {"value": "75", "numerator": "3", "denominator": "4", "plan_id": "p"}
    row = dict.fromkeys(("start_value", "start_date", "expected_value", "target_max"), "")
    row |= {"target_min": "70", "as_of": "2022-12-31", "method": "linear", "verdict": "achieved"}
    tables = {
        "indicator": [key | indicator | {"definition_version": "1"}],
        "indicator_value": [key | value | {"definition_version": "1"}],
        "indicator_progress": [key | row | {"value": "75", "target_date": "2026-03-31"}],
    }
    assert [one[2:] for one in list_differences(tables)] == [("75", "75"), ("achieved",) * 2]


def test_indicators_elsewhere_must_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "フォルダも指定してください" in capsys.readouterr().out


def test_figures_are_rounded_half_up() -> None:
    assert divide("1", "8", {"decimals": "1"}) == "12.5"
    assert divide("645", "1000", {"decimals": "0"}) == "65"
    assert divide("13", "", {"decimals": "0"}) == "13"


def write(value: object) -> str:
    if value is None:
        return ""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


DAYS = (date(2021, 3, 31), date(2022, 6, 30), date(2022, 12, 31), date(2026, 3, 31))


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("value", [None, 0, 1, 20, 39, 40, 55, 99, 100, 900])
def test_judges_as_the_project_does(plans, value, day) -> None:
    """Each indicator by each method."""
    for plan in plans.root:
        for indicator in plan.indicators:
            row = {
                "row_id": "x",
                **dict.fromkeys(("municipality_code", "municipality_name", "plan_id"), "x"),
                "indicator_id": indicator.indicator_id,
                "indicator_title": "x",
                "period": "FY2022Q3",
                "revision": 1,
                "as_of": day,
                "sample": False,
                "value": None if value is None else Decimal(value),
                "unit": indicator.unit,
            }
            for found in assess(plan, indicator, row):
                published = {name: write(one) for name, one in found.items()}
                published = {"target_date": "", "target_min": "", "target_max": ""} | published
                described = {"kind": indicator.kind, "goal": indicator.goal}
                verdict = judge(published, described, from_start=indicator.year_to_date)
                assert verdict == found["verdict"], published
