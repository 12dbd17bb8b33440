"""Built packages: what is in the files, and what never is."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from frictionless import Package
from pydantic import ValidationError

from sumida_data.packages import package
from sumida_data.packages.models import PackageError, Packages
from sumida_data.packages.package import Builds, BuiltPackages, PackagesValidator

HOSTILE = [
    '=HYPERLINK("http://example.jp")',
    "{=1+1}",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    '"a,b\n',
]


def read_lines(files, path):
    return files[path].decode("utf-8-sig").split("\n")


def read_cells(files, path):
    return list(csv.DictReader(io.StringIO(files[path].decode("utf-8-sig"))))


def read_book(files, path):
    return openpyxl.load_workbook(io.BytesIO(files[path]))


def with_change(packages, **changes):
    """The packages with changes to the first of them."""
    described = packages.model_dump()
    described["packages"][0].update(changes)
    return Packages.model_validate(described)


class TestFiles:
    def test_a_package_has_every_table_in_csv_and_parquet_and_one_workbook(self, indicators):
        tables = ["indicator_value", "indicator_target", "indicator_progress", "indicator"]
        tables += ["indicator_baseline", "judging_method", "indicator_value_by_department"]
        tables += [
            "correction",
            "correction_notice",
            "progress_note",
            "code_list",
            "data_dictionary",
        ]
        expected = {f"{table}.{form}" for table in tables for form in ("csv", "parquet")}
        assert set(indicators) == expected | {
            "datapackage.json",
            "README.md",
            "dx-indicators.xlsx",
            "csv-metadata.json",
            "dcat.jsonld",
            "schema_org.jsonld",
            "changelog.json",
            "changelog.atom",
            "recompute.py",
        }

    def test_a_new_resource_needs_only_its_line_in_the_yaml(self, build, packages):
        described = with_change(packages, resources=[{"table": "indicator"}])
        files = build(described)
        assert "dx-indicators/indicator.csv" in files
        assert "dx-indicators/indicator_value.csv" not in files

    def test_people_read_words_in_the_workbook_and_machines_codes_elsewhere(self, indicators):
        cells = read_cells(indicators, "indicator_value.csv")
        heads, *rows = read_book(indicators, "dx-indicators.xlsx")["指標の値"].iter_rows(
            values_only=True
        )
        shown = [dict(zip(heads, row, strict=True)) for row in rows]
        words = {"measured": "実測", "not_measured": "未測定", "cannot_say": "判定不能"}
        coded = [row["value_status"] for row in cells]
        assert [row["値の状態"] for row in shown] == [words.get(one, one) for one in coded]
        assert {row["見本データ"] for row in shown} <= {"はい", "いいえ"}
        # 1 is no word for yes.
        assert {row["改訂番号"] for row in shown} == {int(row["revision"]) for row in cells}

    def test_says_how_readable_its_files_are(self, indicators):
        points = json.loads(indicators["datapackage.json"])["sumida:readability"]
        assert points == {"L1": 100.0, "L2": 100.0, "L3": 100.0}
        assert "読み取れる100点、扱いやすい100点、つなげられる100点です" in (
            indicators["README.md"].decode()
        )

    def test_the_same_rows_in_any_order_give_the_same_bytes(self, build, built, frames):
        upside_down = {
            name: frame.iloc[::-1].astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in frames.items()
        }
        assert build(**upside_down) == built


class TestCsv:
    def test_begins_with_the_municipality_and_ends_lines_with_lf(self, indicators):
        content = indicators["indicator_target.csv"]
        header = (
            "municipality_code,municipality_name,plan_id,indicator_id,"
            "target_number,target_state,decided_on,decided_on_status,target_date,"
            "target_min,target_max,unit,reason,note"
        )
        assert content.startswith(b"\xef\xbb\xbf" + header.encode() + b"\n131075,")
        assert b"\r" not in content

    def test_numbers_have_no_zeros_of_their_storage(self, indicators):
        row = read_lines(indicators, "indicator_value.csv")[1]
        assert row == (
            "131075,墨田区,sumida-fy2022,mynumber_card_rate,マイナンバーカード普及率,FY2022Q3,1,"
            "2022,3,2023-01-31,59.3,164826,278038,given,%,measured,1,,whole,,whole,"
            ",none,,none,,,none,false"
        )

    def test_a_value_that_was_not_measured_is_empty_and_a_real_zero_is_zero(self, indicators):
        row = read_cells(indicators, "indicator_value.csv")[1]
        assert (row["value"], row["value_status"]) == ("", "not_measured")
        assert (row["denominator"], row["denominator_status"]) == ("", "none")
        assert (row["departments_asked"], row["departments_asked_status"]) == ("0", "given")
        assert (row["departments_answered"], row["departments_answered_status"]) == ("", "whole")

    def test_rows_stand_in_the_order_of_their_key(self, built):
        rows = read_lines(built, "online-procedures/procedure.csv")
        assert "T1203-01,住民税の申告" in rows[1]
        assert "T1203-02,納税証明書の交付請求" in rows[2]


class TestParquet:
    def test_holds_what_the_csv_holds(self, indicators, built):
        for path in ("indicator_value", "indicator_target", "indicator"):
            stored = pq.read_table(io.BytesIO(indicators[f"{path}.parquet"]))
            text = io.BytesIO(indicators[f"{path}.csv"].removeprefix(b"\xef\xbb\xbf"))
            options = pa.csv.ConvertOptions(
                column_types=stored.schema, strings_can_be_null=True, true_values=["true"]
            )
            assert pa.csv.read_csv(text, convert_options=options).equals(stored)

    def test_columns_say_what_they_mean(self, built):
        stored = pq.read_schema(io.BytesIO(built["online-procedures/procedure.parquet"]))
        field = stored.field("annual_cases")
        assert field.type == pa.int64()
        assert field.metadata[b"title"].decode() == "年間件数"
        assert field.metadata[b"unit"].decode() == "件"


class TestWorkbook:
    def test_has_a_guide_and_a_sheet_per_table_with_japanese_headings(self, indicators):
        book = read_book(indicators, "dx-indicators.xlsx")
        assert book.sheetnames == [
            "説明",
            "列の説明",
            "指標の値",
            "目標値",
            "基準値",
            "判定の方法",
            "指標の進み具合",
            "部と課ごとの指標の値",
            "指標",
            "訂正",
            "訂正のお知らせ",
            "進み具合の理由と次にすること",
            "コード表",
        ]
        headings = [cell.value for cell in book["指標の値"][1]]
        assert headings[:2] == ["全国地方公共団体コード", "地方公共団体名"]
        assert "照会した課数(課)" in headings

    def test_numbers_are_numbers_and_days_are_days(self, indicators):
        sheet = read_book(indicators, "dx-indicators.xlsx")["指標の値"]
        cells = dict(zip([c.value for c in sheet[1]], sheet[2], strict=True))
        assert cells["値"].value == 59.3
        assert cells["時点"].value.date() == date(2023, 1, 31)
        assert cells["全国地方公共団体コード"].value == "131075"

    def test_the_guide_names_licence_source_and_every_column(self, indicators):
        book = read_book(indicators, "dx-indicators.xlsx")
        sheets = (book["説明"], book["列の説明"])
        text = "\n".join(str(c.value) for sheet in sheets for row in sheet.rows for c in row)
        assert "クリエイティブ・コモンズ 表示 4.0 国際" in text
        assert "出典：総務省「マイナンバーカード交付状況」（https://www.soumu.go.jp/" in text
        assert "PDL1.0（https://www.digital.go.jp/" in text
        assert "を加工して作成" in text
        assert "departments_answered" in text


class TestPrivacy:
    def test_unpublished_columns_are_in_no_file(self, built):
        package = {p: c for p, c in built.items() if p.startswith("online-procedures/")}
        header = read_lines(package, "online-procedures/procedure.csv")[0].split(",")
        assert "procedure_name" in header
        stored = pq.read_table(io.BytesIO(package["online-procedures/procedure.parquet"]))
        book = read_book(package, "online-procedures/online-procedures.xlsx")
        shown = str([cell.value for sheet in book for row in sheet.rows for cell in row])
        texts = [shown, str(stored.to_pydict())]
        texts += [c.decode() for p, c in package.items() if p.endswith((".csv", ".md", ".json"))]
        assert sum("納税証明書の交付請求" in text for text in texts) == 3
        for text in texts:
            for secret in ("担当者の私見", "remarks", "備考", "row_id"):
                assert secret not in text


class TestHostileText:
    @pytest.fixture(scope="class")
    @staticmethod
    def hostile(build, frames):
        row = frames["procedure"].iloc[0].dropna().to_dict()
        return build(
            procedure=[
                row | {"procedure_number": str(number), "procedure_name": text}
                for number, text in enumerate(HOSTILE)
            ]
        )

    def test_is_no_formula_in_the_workbook(self, hostile):
        sheet = read_book(hostile, "online-procedures/online-procedures.xlsx")["行政手続"]
        column = [cell.value for cell in sheet[1]].index("手続名") + 1
        cells = [sheet.cell(number + 2, column) for number in range(len(HOSTILE))]
        assert [cell.data_type for cell in cells] == ["s"] * len(HOSTILE)
        assert cells[0].value == HOSTILE[0]

    def test_stays_as_it_is_in_parquet(self, hostile):
        stored = pq.read_table(io.BytesIO(hostile["online-procedures/procedure.parquet"]))
        assert stored["procedure_name"].to_pylist() == HOSTILE

    def test_is_no_formula_in_csv_and_can_be_had_back_as_the_readme_says(self, hostile):
        content = io.BytesIO(hostile["online-procedures/procedure.csv"])
        options = pa.csv.ParseOptions(newlines_in_values=True)
        names = pa.csv.read_csv(content, parse_options=options)["procedure_name"].to_pylist()
        assert [name for name in names if name.lstrip()[:1] in tuple("=+-@")] == []
        assert [name.removeprefix("'") for name in names] == HOSTILE
        assert "「'」を1つ除くと元の文字" in hostile["online-procedures/README.md"].decode()


class TestSampleData:
    @pytest.fixture(scope="class")
    @staticmethod
    def sample(build, frames):
        rows = [row.dropna().to_dict() for _, row in frames["indicator_value"].iterrows()]
        return build(indicator_value=[row | {"sample": True} for row in rows])

    def test_is_stamped_on_descriptor_readme_workbook_and_row(self, sample):
        descriptor = json.loads(sample["dx-indicators/datapackage.json"])
        assert descriptor["title"].startswith("【見本データ】")
        assert descriptor["sumida:sample"] is True
        assert "見本データ：架空" in sample["dx-indicators/README.md"].decode()
        guide = read_book(sample, "dx-indicators/dx-indicators.xlsx")["説明"]
        assert guide["B3"].value.startswith("見本データ")
        assert read_lines(sample, "dx-indicators/indicator_value.csv")[1].endswith(",true")

    def test_real_data_carry_no_stamp(self, built):
        descriptor = json.loads(built["dx-indicators/datapackage.json"])
        assert descriptor["sumida:sample"] is False
        assert "【見本データ】" not in built["dx-indicators/datapackage.json"].decode()
        assert "架空の回答" not in built["dx-indicators/README.md"].decode()


class TestDescriptor:
    @pytest.fixture(scope="class")
    @staticmethod
    def descriptor(indicators):
        return json.loads(indicators["datapackage.json"])

    def test_names_publisher_sources_licence_and_days(self, descriptor):
        assert descriptor["$schema"].endswith("/2.0/datapackage.json")
        assert descriptor["licenses"][0]["name"] == "CC-BY-4.0"
        assert descriptor["contributors"][0]["roles"] == ["creator", "publisher", "contact"]
        assert descriptor["sumida:temporal"] == {"start": "2022-12-31", "end": "2023-01-31"}
        ministry = descriptor["sources"][1]
        assert ministry["sumida:attribution"] == "出典：総務省「マイナンバーカード交付状況」"
        assert ministry["sumida:license"] == "PDL-1.0"

    def test_a_table_promises_what_the_dictionary_says(self, descriptor):
        schema = descriptor["resources"][0]["schema"]
        fields = {field["name"]: field for field in schema["fields"]}
        assert schema["primaryKey"] == ["municipality_code", "indicator_id", "period", "revision"]
        assert schema["missingValues"] == [""]
        assert fields["fiscal_quarter"]["constraints"] == {
            "required": True,
            "minimum": 1,
            "maximum": 4,
        }
        assert "not_measured" in fields["value_status"]["constraints"]["enum"]
        assert fields["departments_asked"]["sumida:unit"] == "課"
        assert fields["value"]["sumida:titleEn"] == "Value"

    def test_the_csv_states_encoding_mark_and_line_ends(self, descriptor):
        resource = descriptor["resources"][0]
        assert resource["encoding"] == "utf-8"
        assert resource["dialect"]["lineTerminator"] == "\n"
        assert resource["dialect"]["sumida:byteOrderMark"] is True


class TestMistakesInTheYaml:
    def test_an_unknown_table_is_named_with_those_there_are(self, build, packages):
        described = with_change(packages, resources=[{"table": "indicater"}])
        with pytest.raises(PackageError, match=r"packages\.yml.*'indicater'.*indicator_value"):
            build(described)

    def test_a_key_must_be_published(self, build, packages):
        described = with_change(packages, resources=[{"table": "indicator_value_by_department"}])
        with pytest.raises(
            PackageError, match=r"indicator_value_by_department の primary_key に.*row_id"
        ):
            build(described)

    def test_a_keyword_that_no_catalogue_takes_is_refused(self, packages):
        with pytest.raises(ValidationError, match=r"keywords\.0"):
            with_change(packages, keywords=["年齢・男女別"])

    def test_two_packages_of_one_name_are_refused(self, packages):
        with pytest.raises(ValidationError, match=r"online-procedures.*2回"):
            with_change(packages, name="online-procedures")


def test_an_empty_table_goes_out_with_its_header(build):
    files = build(procedure=[])
    content = read_lines(files, "online-procedures/procedure.csv")
    assert content[0].startswith("municipality_code,")
    assert content[1:] == [""]


def test_large_numbers_keep_every_digit(build, frames):
    row = frames["indicator_value"].iloc[1].dropna().to_dict()
    files = build(indicator_value=[row | {"numerator": Decimal("12345678901234.0001")}])
    assert "12345678901234.0001" in files["dx-indicators/indicator_value.csv"].decode()


INITIATIVE = {
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "as_of": date(2022, 12, 31),
    "department_code": "1203",
    "sample": False,
    "initiative_name": "学校連絡サービス",
    "category": "区民サービス",
    "may_publish": "可",
}
EFFECT = {key: INITIATIVE[key] for key in INITIATIVE if key not in ("category", "may_publish")} | {
    "effect": "人数",
    "effect_value": Decimal(60),
    "effect_value_status": "answered",
    "annual_cases_status": "not_answered",
    "minutes_per_case_status": "not_answered",
    "sites_status": "not_answered",
}


class TestRowsThatGoOut:
    @pytest.fixture(scope="class")
    @staticmethod
    def initiatives(build):
        names = {"出す事例": "可", "出さない事例": "否", "答えのない事例": None}
        return build(
            initiative=[
                INITIATIVE | {"initiative_name": name, "may_publish": answer}
                for name, answer in names.items()
            ],
            initiative_effect=[EFFECT | {"initiative_name": name} for name in names],
        )

    def test_only_what_a_department_releases_goes_out(self, initiatives):
        for table in ("initiative", "initiative_effect"):
            rows = read_lines(initiatives, f"dx-initiatives/{table}.csv")
            assert len(rows) == 3  # heading, one row, end of the last line
            assert "出す事例" in rows[1]
            assert "may_publish" not in rows[0]

    def test_an_effect_refers_to_its_initiative(self, initiatives):
        descriptor = json.loads(initiatives["dx-initiatives/datapackage.json"])
        (key,) = descriptor["resources"][1]["schema"]["foreignKeys"]
        assert key["reference"]["resource"] == "initiative"
        assert key["fields"] == key["reference"]["fields"]

    def test_an_unknown_column_to_choose_by_is_named(self, build, packages):
        described = with_change(
            packages, resources=[{"table": "indicator", "only": {"knid": ["stock"]}}]
        )
        with pytest.raises(PackageError, match=r"表 indicator の only に、列 'knid' はありません"):
            build(described)

    def test_rows_of_a_table_that_does_not_go_out_cannot_be_followed(self, build, packages):
        described = with_change(
            packages, resources=[{"table": "indicator", "rows_of": "indicator_value"}]
        )
        with pytest.raises(
            PackageError, match="rows_of = 'indicator_value' — 同じパッケージで先に"
        ):
            build(described)

    def test_rows_that_lack_the_key_of_the_other_table_cannot_be_followed(self, build, packages):
        described = with_change(
            packages,
            resources=[
                {"table": "indicator_value"},
                {"table": "indicator", "rows_of": "indicator_value"},
            ],
        )
        with pytest.raises(PackageError, match="indicator に列 period、revision がない"):
            build(described)


class TestMissingValues:
    def test_every_number_and_day_that_may_be_missing_has_a_status(self, built):
        for path, content in built.items():
            if not path.endswith("datapackage.json"):
                continue
            for resource in json.loads(content)["resources"]:
                fields = resource.get("schema", {"fields": []})["fields"]
                names = [field["name"] for field in fields]
                for field in fields:
                    if field["type"] == "string" or field.get("constraints", {}).get("required"):
                        continue
                    assert field["sumida:statusField"] in names, (path, field["name"])

    def test_every_text_that_may_be_missing_says_what_that_stands_for(self, built):
        for path, content in built.items():
            if not path.endswith("datapackage.json"):
                continue
            for resource in json.loads(content)["resources"]:
                for field in resource.get("schema", {"fields": []})["fields"]:
                    if field.get("constraints", {}).get("required") or field["type"] != "string":
                        continue
                    assert field["missingValues"][0]["value"] == "", (path, field["name"])
                    assert field["missingValues"][0]["label"]

    def test_the_only_possible_reason_stands_beside_a_missing_value(self, indicators):
        target = read_cells(indicators, "indicator_target.csv")[0]
        assert (target["decided_on"], target["decided_on_status"]) == ("", "unknown")
        # What a target may lack depends on whether it is known at all.
        assert (target["target_state"], target["target_max"]) == ("known", "")
        assert "target_max_status" not in target


class TestReaders:
    """Other people's programs read what the descriptor says, by name alone."""

    @pytest.fixture(scope="class")
    @staticmethod
    def folder(indicators, tmp_path_factory):
        folder = tmp_path_factory.mktemp("package")
        for path, content in indicators.items():
            (folder / path).write_bytes(content)
        return folder

    def test_frictionless_reads_typed_rows(self, folder):
        package = Package(str(folder / "datapackage.json"))
        row = package.get_table_resource("indicator_value").read_rows()[1]
        assert row["indicator_id"] == "standardized_systems"
        assert row["value"] is None
        assert row["as_of"] == date(2022, 12, 31)

    def test_pandas_reads_csv_and_parquet_alike(self, folder):
        codes = {"municipality_code": str, "definition_version": str}
        read = pd.read_csv(folder / "indicator_value.csv", dtype=codes, encoding="utf-8-sig")
        stored = pd.read_parquet(folder / "indicator_value.parquet")
        assert list(read) == list(stored)
        assert list(read["municipality_code"]) == list(stored["municipality_code"])
        assert read["value"].isna().tolist() == stored["value"].isna().tolist() == [False, True]

    def test_duckdb_joins_values_with_the_meaning_of_their_codes(self, folder):
        values, codes = folder / "indicator_value.csv", folder / "code_list.parquet"
        rows = duckdb.sql(
            f"SELECT indicator_id, title FROM read_csv('{values}') AS v JOIN '{codes}' AS c "
            "ON c.table_name = 'indicator_value' AND c.column_name = 'value_status' "
            "AND c.code = v.value_status ORDER BY ALL"
        ).fetchall()
        assert rows == [("mynumber_card_rate", "実測"), ("standardized_systems", "未測定")]


class TestExplanations:
    def test_every_column_stands_in_the_data_dictionary(self, indicators):
        listed = {
            tuple(row.split(",")[2:5:2]) for row in read_lines(indicators, "data_dictionary.csv")
        }
        for table in ("indicator_value", "indicator_target", "indicator", "correction"):
            for name in read_lines(indicators, f"{table}.csv")[0].split(","):
                assert (table, name) in listed

    def test_every_code_has_its_meaning(self, indicators):
        rows = read_lines(indicators, "code_list.csv")
        assert (
            "131075,墨田区,indicator_value,value_status,not_measured,未測定,Not measured,未測定"
            in rows
        )
        assert (
            "131075,墨田区,indicator_progress,method,linear,直線の計画線,Straight path,起点と目標値を結ぶ直線と比べる"
            in rows
        )

    def test_correction_notices_stand_in_readme_and_log(self, build):
        notice = {
            "indicator_id": "mynumber_card_rate",
            "indicator_title": "マイナンバーカード普及率",
            "period": "FY2022Q3",
            "revision": 2,
            "old_value": Decimal("59.5"),
            "new_value": Decimal("59.3"),
            "unit": "%",
            "reason": "時点の読み違い",
            "scope": "令和4年度第3四半期の普及率",
            "cause": "時点の読み違い",
            "impact": "0.2ポイント高く公表した",
            "response": "値を改めた",
            "decided_by": "ICT推進担当",
            "decided_on": date(2023, 4, 1),
        }
        files = build(correction_notice=[notice])
        log = json.loads(files["dx-indicators/changelog.json"])
        assert log["corrections"] == [
            {
                "範囲": "令和4年度第3四半期の普及率",
                "原因": "時点の読み違い",
                "影響": "0.2ポイント高く公表した",
                "対応": "値を改めた",
            }
        ]
        assert "- 原因: 時点の読み違い" in files["dx-indicators/README.md"].decode()
        assert json.loads(files["online-procedures/changelog.json"])["corrections"] == []

    def test_says_how_to_cite(self, indicators):
        assert (
            "> 墨田区企画経営室ICT推進担当「墨田区行財政改革・行政情報化計画の指標」第1.0.0版、"
            "2023-01-31現在、https://www.city.sumida.lg.jp/kuseijoho/sumida_info/opendata/dx/dataset/dx-indicators/1.0.0/、CC-BY-4.0"
        ) in indicators["README.md"].decode()


GONE = {
    "name": "old-figures",
    "title": "古い数値",
    "withdrawn_on": "2023-04-01",
    "reason": "調査をやめたため。",
}


def leave_out(described, name):
    return [package for package in described if package["name"] != name]


class TestWithdrawnPackages:
    def test_name_stays_taken(self, packages):
        taken = GONE | {"name": "dx-indicators"}
        with pytest.raises(ValidationError, match=r"dx-indicators.*2回"):
            Packages.model_validate(packages.model_dump() | {"withdrawn": [taken]})

    def test_is_not_built_again(self, build, built, packages):
        described = packages.model_dump() | {"withdrawn": [GONE | {"name": "survey-quality"}]}
        described["packages"] = leave_out(described["packages"], "survey-quality")
        files = build(Packages.model_validate(described), before=built)
        assert not any(path.startswith("survey-quality") for path in files)

    def test_a_published_package_does_not_vanish_without_a_word(self, build, built, packages):
        described = packages.model_dump()
        described["packages"] = leave_out(described["packages"], "survey-quality")
        with pytest.raises(PackageError, match=r"公開した survey-quality がありません.*withdrawn"):
            build(Packages.model_validate(described), before=built)

    def test_nor_is_it_renamed_in_silence(self, build, built, packages):
        with pytest.raises(PackageError, match="公開した dx-indicators がありません"):
            build(with_change(packages, name="dx-figures"), before=built)


class TestBuiltBefore:
    """What would come out as it was written before is taken from there, and nothing else is."""

    @pytest.fixture
    def again(self, built):
        """Return a function that begins with what was written, or with other files."""
        return lambda **files: BuiltPackages(built | files, Builds(built.builds))

    def test_nothing_is_built_twice(self, built, build, again, monkeypatch):
        monkeypatch.setattr(package, "_write_workbook", None)
        second = build(built=again())
        assert second == built
        assert second.builds == built.builds
        assert second.taken == {path.split("/")[0] for path in built}

    @pytest.mark.parametrize(
        ("rows", "others"),
        [
            ({"procedure": []}, {"online-procedures"}),
            ({"correction": [], "procedure_payment_method": []}, set()),
        ],
    )
    def test_other_rows_are_built_where_they_stand(self, build, again, rows, others):
        known = again()
        made = build(built=known, **rows)
        assert {path.split("/")[0] for path in made} - made.taken == others
        assert made == build(**rows)

    @pytest.mark.parametrize("changes", [{"title": "別の題名"}, {"description": "別の説明"}])
    def test_other_words_of_a_package_build_that_package(self, packages, build, again, changes):
        described = with_change(packages, **changes)
        made = build(described, built=again())
        assert {path.split("/")[0] for path in made} - made.taken == {packages.packages[0].name}
        assert made == build(described)

    @pytest.mark.parametrize(
        "changes", [{"publisher": "別の区"}, {"catalogue_url": "https://example.jp/other"}]
    )
    def test_what_is_said_of_all_builds_all(self, packages, build, again, changes):
        described = packages.model_copy(update=changes)
        made = build(described, built=again())
        assert made.taken == set()
        assert made == build(described)

    def test_what_was_published_builds_its_package(self, built, build, again):
        before = {path: one for path, one in built.items() if path.startswith("dx-indicators/")}
        made = build(built=again(), before=before)
        assert {path.split("/")[0] for path in made} - made.taken == {"dx-indicators"}
        assert made == build(before=before)

    @pytest.mark.parametrize("name", ["README.md", "added.csv"])
    def test_other_files_are_not_taken(self, built, build, again, name):
        made = build(built=again(**{f"dx-indicators/{name}": b"other"}))
        assert {path.split("/")[0] for path in made} - made.taken == {"dx-indicators"}
        assert made == built

    def test_nothing_is_taken_of_other_code(self, built, build, again, monkeypatch):
        monkeypatch.setattr(package, "hash_code", lambda: "other")
        made = build(built=again())
        assert made.taken == set()
        assert made == built

    def test_only_what_is_taken_was_checked_before(self, built, build, again):
        taken = build(built=again())
        taken["dx-indicators/indicator_value.csv"] = b"other"
        assert PackagesValidator().validate(taken) is taken
        taken.taken.clear()
        with pytest.raises(PackageError, match="dx-indicators/indicator_value"):
            PackagesValidator().validate(taken)
