import csv
import io
from decimal import ROUND_HALF_UP, Decimal

import openpyxl
import pytest

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.sample.ward import Facts, Sample, make_external_files
from sumida_data.sources.central import Municipality
from sumida_data.survey.departments import Department
from sumida_data.survey.form import CentralSources
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook

PERIODS = ("FY2021Q4", "FY2022Q1", "FY2022Q2", "FY2022Q3")
STAMP = ["※見本データ（架空の数値です）"]


def read_csv(content: bytes, encoding: str) -> list[dict[str, str]]:
    *lines, stamp = list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
    assert stamp == STAMP
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


class TestCards:
    @pytest.mark.parametrize(
        ("period", "headings", "population", "cards", "rate"),
        [
            ("FY2021Q4", ("R3.1.1", "R4.4.1"), 275647, 130385, 47.3),
            ("FY2022Q1", ("R3.1.1", "R4.7.31"), 275647, 137938, 50.0),
            ("FY2022Q2", ("R4.1.1", "R4.10.31"), 275724, 150217, 54.5),
            ("FY2022Q3", ("R4.1.1", "R5.1.31"), 275724, 163501, 59.3),
        ],
    )
    def test_the_ward_row_is_the_published_one(
        self,
        external_files: dict[str, bytes],
        period: str,
        headings: tuple[str, str],
        population: int,
        cards: int,
        rate: float,
    ) -> None:
        rows = self._read(external_files, period)
        assert rows[4][:2] == ("都道府県名", "市区町村名")
        assert rows[4][2] == f"総数（人口）\n【{headings[0]}時点】"
        assert rows[4][3] == f"交付枚数\n【{headings[1]}時点】"
        assert rows.count(("東京都", "墨田区", population, cards, rate)) == 1

    def test_all_municipalities_once_and_their_sum(
        self, external_files: dict[str, bytes], municipalities: list[Municipality]
    ) -> None:
        nation, *rows = self._read(external_files, "FY2022Q3")[5:]
        assert [row[:2] for row in rows] == [
            (one.prefecture_name, one.name) for one in municipalities
        ]
        assert len(rows) == 1741
        assert nation[0] == "全国"
        assert nation[2:4] == (sum(row[2] for row in rows), sum(row[3] for row in rows))

    def test_rates_are_percentages_rounded_half_up(self, external_files: dict[str, bytes]) -> None:
        for row in self._read(external_files, "FY2022Q3")[5:]:
            exact = Decimal(100 * row[3]) / row[2]
            assert Decimal(str(row[4])) == exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
            assert 40 < exact < 80

    def test_thousands_are_a_number_format(self, external_files: dict[str, bytes]) -> None:
        content = external_files["mynumber_card/FY2022Q3/マイナンバーカード交付状況.xlsx"]
        cell = openpyxl.load_workbook(io.BytesIO(content))["公表用"]["C7"]
        assert isinstance(cell.value, int)
        assert cell.number_format == "#,##0"

    @staticmethod
    def _read(files: dict[str, bytes], period: str) -> list[tuple]:
        content = files[f"mynumber_card/{period}/マイナンバーカード交付状況.xlsx"]
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        return list(book["公表用"].iter_rows(values_only=True))


class TestApprovals:
    @pytest.mark.parametrize(("fiscal_year", "rate"), [(2020, "58.0"), (2021, "64.4")])
    def test_rate_of_a_fiscal_year(
        self, external_files: dict[str, bytes], fiscal_year: int, rate: str
    ) -> None:
        months = [f"{fiscal_year}年{month}月" for month in range(4, 13)]
        months += [f"{fiscal_year + 1}年{month}月" for month in range(1, 4)]
        rows = [row for row in self._read(external_files, "FY2021Q4") if row["年月"] in months]
        assert {row["年月"] for row in rows} == set(months)
        electronic = sum(int(row["電子決裁件数"]) for row in rows)
        countable = sum(int(row["起案件数"]) - int(row["対象外件数"]) for row in rows)
        exact = Decimal(100 * electronic) / countable
        assert exact.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(rate)

    def test_later_files_hold_their_quarter(self, external_files: dict[str, bytes]) -> None:
        rows = self._read(external_files, "FY2022Q3")
        assert {row["年月"] for row in rows} == {"2022年10月", "2022年11月", "2022年12月"}
        assert len(rows) == 3 * 75

    def test_parts_are_possible(self, external_files: dict[str, bytes]) -> None:
        for period in PERIODS:
            for row in self._read(external_files, period):
                countable = int(row["起案件数"]) - int(row["対象外件数"])
                assert 0 <= int(row["電子決裁件数"]) <= countable

    @staticmethod
    def _read(files: dict[str, bytes], period: str) -> list[dict[str, str]]:
        return read_csv(files[f"document_approval/{period}/文書管理システム月次集計.csv"], "cp932")


class TestOpenData:
    @pytest.mark.parametrize(
        ("period", "datasets"),
        [("FY2021Q4", 130), ("FY2022Q1", 138), ("FY2022Q2", 147), ("FY2022Q3", 154)],
    )
    def test_datasets_published(
        self, external_files: dict[str, bytes], period: str, datasets: int
    ) -> None:
        rows = self._read(external_files, period)
        published = {
            row["データセット_ID"] for row in rows if row["ファイル_ステータス"] == "配信中"
        }
        assert len(published) == datasets

    def test_files_are_more_than_datasets_and_some_are_stopped(
        self, external_files: dict[str, bytes]
    ) -> None:
        rows = self._read(external_files, "FY2022Q3")
        stopped = [row for row in rows if row["ファイル_ステータス"] == "配信停止中"]
        assert len({row["ファイル_ID"] for row in rows}) == len(rows) > 154 + len(stopped)
        assert stopped

    def test_columns_are_the_national_45(self, external_files: dict[str, bytes]) -> None:
        rows = self._read(external_files, "FY2022Q3")
        assert len(rows[0]) == 45
        assert list(rows[0])[:3] == ["データセット_ID", "全国地方公共団体コード", "地方公共団体名"]
        assert {row["全国地方公共団体コード"] for row in rows} == {"131075"}

    @staticmethod
    def _read(files: dict[str, bytes], period: str) -> list[dict[str, str]]:
        content = files[f"open_dataset/{period}/131075_open_data_list.csv"]
        assert content.startswith(b"\xef\xbb\xbf")
        return read_csv(content, "utf-8-sig")


def test_every_source_has_a_stamped_file_in_every_quarter(
    external_files: dict[str, bytes], sources: CentralSources
) -> None:
    folders = sorted(name.rpartition("/")[0] for name in external_files)
    assert folders == sorted(f"{one.source}/{period}" for one in sources.root for period in PERIODS)
    for name, content in external_files.items():
        assert has_sample_stamp(open_workbook(content, name)), name


def test_same_seed_gives_the_same_bytes(
    external_files: dict[str, bytes],
    sample: Sample,
    facts: Facts,
    municipality: HomeMunicipality,
    departments: list[Department],
    municipalities: list[Municipality],
) -> None:
    assert (
        make_external_files(sample, facts, municipality.code, departments, municipalities)
        == external_files
    )
    other = sample.model_copy(update={"seed": 1})
    assert (
        make_external_files(other, facts, municipality.code, departments, municipalities)
        != external_files
    )
