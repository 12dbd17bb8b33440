"""What passes the gate, what is blocked, and that there is no way around it."""

import io
import json
import zipfile
from csv import DictReader
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from sumida_data.base.frames import build_frame
from sumida_data.catalogue.record import TargetRecord
from sumida_data.packages.models import PackageError, Packages
from sumida_data.pipelines.packages import build_packages
from sumida_data.privacy.counts import Privacy
from sumida_data.privacy.gate import count_void_releases, list_stopped, parse_cleared
from sumida_data.survey.reading.registers import ReferenceTableError
from tests.packages.conftest import PROCEDURE
from tests.privacy import invented
from tests.privacy.conftest import RELEASE, procedures
from tests.privacy.planted import NAMES, plant, write_ordinary
from tests.privacy.test_counts import NOTICE

PLANTED = list(plant())
METHOD = {
    "row_id": "m2",
    "procedure_row_id": "p",
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "as_of": date(2022, 12, 31),
    "department_code": "1203",
    "procedure_number": "T1203-02",
    "payment_method": "現金",
    "sample": False,
}
FIELDS = ("procedure_name", "application_system", "payment_methods", "procedure_number")


def outcomes(guarded):
    return [
        (one.package_name, one.table_name, one.field, one.outcome, one.cells)
        for one in guarded.outcomes
    ]


def read_everything(files):
    """All that a reader can get out of the files, as text."""
    texts = []
    for path, content in files.items():
        if path.endswith(".parquet"):
            texts.append(str(pq.read_table(io.BytesIO(content)).to_pydict()))
        elif path.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                texts += [book.read(part).decode() for part in book.namelist()]
        else:
            texts.append(content.decode())
    return "\n".join(texts)


NOTHING_PUBLISHED = TargetRecord(Path("none"))


@pytest.fixture(scope="module")
def publish(packages, municipality, sources):
    """Return a function that builds what the gate admits."""

    def build(guarded):
        arguments = (packages, municipality, sources, guarded)
        return build_packages(*arguments, {}, NOTHING_PUBLISHED, None, {}, None)[0]

    return build


def plant_in_columns(cases):
    """Return a row of table ``procedure`` for each case, in one of its columns after the other."""
    for number, field in enumerate(FIELDS):
        texts = [case.text for case in cases[number :: len(FIELDS)]]
        for row in procedures(*texts, field=field):
            yield row | {"row_id": f"{row['row_id']} {field}"}


class TestPlanted:
    @pytest.mark.parametrize("kind", sorted({case.kind for case in PLANTED}))
    def test_in_a_published_column_holds_back_the_rows_and_no_other(self, guard, kind):
        cases = [case for case in PLANTED if case.kind == kind]
        guarded = guard(procedure=[*plant_in_columns(cases), PROCEDURE])
        assert guarded.blocked == set()
        assert guarded.held_back == {"procedure": len(cases)}
        held = {one.field for one in guarded.outcomes if one.outcome == "held_back"}
        assert held == set(FIELDS[: len(cases)])
        assert [case for case in cases if case.secret in str(guarded.outcomes)] == []

    def test_in_a_published_column_never_gets_out(self, guard, publish, packages):
        guarded = guard(procedure=[*plant_in_columns(PLANTED), PROCEDURE])
        assert guarded.held_back == {"procedure": len(PLANTED)}
        files = publish(guarded)
        assert {path.partition("/")[0] for path in files} == {one.name for one in packages.packages}
        shown = read_everything(files)
        assert PROCEDURE["procedure_name"] in shown
        assert [case for case in PLANTED if case.secret in shown] == []

    def test_in_free_text_never_gets_out(self, guard, publish):
        rows = procedures(*(case.text for case in PLANTED), field="remarks")
        guarded = guard(procedure=rows)
        assert guarded.outcomes == []
        shown = read_everything(publish(guarded))
        assert "T1203-239" in shown
        assert [case for case in PLANTED if case.secret in shown] == []

    def test_in_a_released_text_holds_the_row_back_all_the_same(self, guard):
        case = next(case for case in PLANTED if case.kind == "name of a cover")
        rows = procedures(case.text, field="remarks")
        release = RELEASE | {"row": "T1203-000", "text": case.text}
        assert guard([release], procedure=rows).held_back == {"procedure": 1}

    def test_a_number_column_is_searched_too(self, guard):
        rows = [PROCEDURE | {"annual_cases": 123456789018}]
        assert outcomes(guard(procedure=rows)) == [
            ("online-procedures", "procedure", "annual_cases", "held_back", 1)
        ]

    def test_a_name_in_what_an_owner_explains_holds_back_what_is_said_of_the_indicator(self, guard):
        whose = ("municipality_code", "period", "as_of", "department_code", "sample")
        explained = {name: PROCEDURE[name] for name in whose} | {"row_id": "e"}
        explained |= {
            "indicator_title": "甲",
            "cause": f"{NAMES[0]}が休んだ。",
            "next_step": "続ける。",
        }
        said = {"row_id": "e", "indicator_id": "x", "indicator_title": "甲", "period": "FY2022Q3"}
        said |= {"said_by": "税務課", "said_on": date(2023, 1, 10)}
        said |= {name: explained[name] for name in ("cause", "next_step")}
        guarded = guard(indicator_explanation=[explained], progress_note=[said])
        assert outcomes(guarded) == [("dx-indicators", "progress_note", "cause", "held_back", 1)]
        assert guarded.frames["progress_note"].empty

    def test_ordinary_texts_pass(self, guard):
        texts = [text for text in write_ordinary(400) if "一括登録" not in text]
        texts = [text for text in texts if "納付書番号" not in text]
        guarded = guard(procedure=procedures(*texts))
        assert (guarded.blocked, guarded.held_back) == (set(), {})


class TestInvented:
    """Three hundred invented personal data, typed where officers type."""

    def test_none_goes_out_that_the_approver_was_not_shown(self, guard, publish):
        cases = invented.invent()
        covers = frozenset(invented.COVERS)
        out = 0
        for number, field in enumerate(("procedure_name", "application_system")):
            rows = procedures(*(case.text for case in cases[number::2]), field=field)
            guarded = guard(procedure=rows, covers=covers)
            seen = {row["text"] for row in guarded.free_words}
            csv = publish(guarded)["online-procedures/procedure.csv"].decode("utf-8-sig")
            public = {row[field] for row in DictReader(io.StringIO(csv))}
            assert {text.removeprefix("'") for text in public} <= seen | {""}
            out += sum(case.text in public for case in cases)
            assert guarded.held_back["procedure"] >= 135
        assert out <= 30

    def test_at_most_five_of_five_hundred_ordinary_texts_are_stopped(self, guard):
        rows = procedures(*invented.write_ordinary(500))
        guarded = guard(procedure=rows, covers=frozenset(invented.COVERS))
        assert sum(guarded.held_back.values()) <= 5


class TestHeldBack:
    def test_what_belongs_to_the_row_is_held_back_with_it(self, guard, publish):
        rows = [*procedures("mihon@example.jp"), PROCEDURE]
        method = METHOD | {"row_id": "m", "procedure_number": "T1203-000"}
        guarded = guard(procedure=rows, procedure_payment_method=[method, METHOD])
        assert guarded.held_back == {"procedure": 1, "procedure_payment_method": 1}
        files = publish(guarded)
        assert b"T1203-000" not in b"".join(files.values())
        descriptor = json.loads(files["online-procedures/datapackage.json"])
        assert descriptor["sumida:rowsHeldBack"]["行政手続"] == 1
        readme = files["online-procedures/README.md"].decode()
        assert "個人に関する記載のおそれがあるため" in readme
        assert "- 行政手続: 1行" in readme

    def test_where_nothing_is_held_back_nothing_is_said(self, guard, publish):
        files = publish(guard())
        assert b"rowsHeldBack" not in b"".join(files.values())
        assert "載せていない行" not in files["online-procedures/README.md"].decode()

    def test_where_no_row_can_be_left_out_the_package_is_blocked(self, guard, publish, packages):
        notice = NOTICE | {"cause": "担当の緒方様の誤り"}
        guarded = guard(correction_notice=[notice])
        assert list(guarded.blocked) == ["dx-indicators"]
        built = {path.partition("/")[0] for path in publish(guarded)}
        assert built == {one.name for one in packages.packages} - {"dx-indicators"}

    def test_a_text_that_a_person_cleared_goes_out(self, guard, publish):
        rows = procedures("緒方様式の届出", "緒方様 式典")
        assert guard(procedure=rows).held_back == {"procedure": 1}
        guarded = guard(procedure=rows, cleared=["緒方様 式典"])
        assert guarded.held_back == {}
        assert outcomes(guarded) == [(None, "procedure", "procedure_name", "cleared", 1)]
        assert "緒方様 式典" in publish(guarded)["online-procedures/procedure.csv"].decode()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"text": ""}, "text が空"),
            ({"reason": ""}, "reason が空"),
            ({"decided_on": "昨日"}, "2行目"),
        ],
    )
    def test_a_mistake_in_the_register_is_told(self, change, words):
        row = {
            "text": "緒方様",
            "decided_by": "課長",
            "decided_on": "2023-02-01",
            "reason": "式の名",
        }
        assert parse_cleared([row]) == {"緒方様"}
        with pytest.raises(ReferenceTableError, match=words):
            parse_cleared([row | change])

    def test_the_place_is_named(self, guard, dictionary, packages):
        (row,) = procedures("mihon@example.jp")
        answer = dict.fromkeys(dictionary["answer"].column_names) | {
            "table_name": "procedure",
            "record_id": row["row_id"],
            "field": "procedure_name",
            "source_file": "FY2022Q3/1203.xlsx",
            "sheet": "手続",
            "cell": "C11",
            "sample": False,
        }
        guarded = guard(procedure=[row], answer=[answer])
        assert guarded.outcomes[0].places == "FY2022Q3/1203.xlsx 手続!C11"
        check = build_frame(dictionary["privacy_check"], [one.as_row() for one in guarded.outcomes])
        (held,) = list_stopped(packages, check, "held_back")
        assert held.reasons == (
            "表 procedure の列 procedure_name の1欄に、メールアドレスがあります"
            "(FY2022Q3/1203.xlsx 手続!C11)。",
        )


class TestFreeWords:
    def test_each_is_listed_once_for_its_column(self, guard):
        rows = procedures("窓口の予約①", "窓口の予約①", "住民票の写し")
        found = [row for row in guard(procedure=rows).free_words if row["field"] == "手続名"]
        assert [(row["text"], row["cells"]) for row in found] == [
            ("窓口の予約(1)", 2),
            ("住民票の写し", 1),
        ]
        assert {row["table"] for row in found} == {"行政手続"}

    def test_words_of_lists_and_rows_that_stay_in_are_not_listed(self, guard):
        titles = {(row["table"], row["field"]) for row in guard().free_words}
        assert ("行政手続", "手続番号") not in titles
        assert ("指標", "定義") not in titles
        assert ("課", "課") not in titles
        assert ("行政手続", "手続名") in titles

    def test_every_published_text_is_of_one_of_the_two_kinds(self, dictionary):
        free = {(one.name, field.name) for one in dictionary.tables for field in one.free_words}
        asked = {"procedure_name", "application_system"}
        assert {name for table, name in free if table == "procedure"} == asked
        assert ("initiative_effect", "condition") in free
        assert ("correction_notice", "cause") in free


class TestFreeText:
    def test_is_no_column_while_nothing_is_released(self, guard, publish):
        files = publish(guard())
        assert "remarks" not in files["online-procedures/procedure.csv"].decode()

    def test_goes_out_in_the_cell_that_a_person_has_released(self, guard, publish):
        other = PROCEDURE | {"procedure_number": "T1203-03", "remarks": "ほかの私見"}
        guarded = guard([RELEASE], procedure=[PROCEDURE, other])
        assert outcomes(guarded) == [(None, "procedure", "remarks", "released", 1)]
        text = publish(guarded)["online-procedures/procedure.csv"].decode()
        assert "担当者の私見" in text
        assert "ほかの私見" not in text

    @pytest.mark.parametrize(
        ("change", "outcome"),
        [
            ({"text": "担当者の私見。"}, "release_void"),
            ({"row": "T1203-99"}, "release_unused"),
            ({"department_code": "1204"}, "release_unused"),
            ({"period": "FY2022Q2"}, "release_unused"),
        ],
    )
    def test_a_release_that_does_not_fit_is_void_and_told(self, guard, dictionary, change, outcome):
        guarded = guard([RELEASE | change])
        assert outcomes(guarded) == [(None, "procedure", "remarks", outcome, 1)]
        assert guarded.frames["procedure"]["remarks"].isna().all()
        check = build_frame(dictionary["privacy_check"], [one.as_row() for one in guarded.outcomes])
        assert count_void_releases(check) == 1
        assert not dictionary["procedure"].field("remarks").personal

    def test_a_release_of_the_sample_is_for_invented_answers_alone(self, guard):
        release = RELEASE | {"released_by": "見本"}
        real = guard([release])
        assert outcomes(real) == []
        assert real.frames["procedure"]["remarks"].isna().all()
        invented = [PROCEDURE | {"sample": True}]
        assert outcomes(guard([release], procedure=invented))[0][3:] == ("released", 1)
        unused = guard([release | {"row": "T1203-99"}], procedure=invented)
        assert outcomes(unused)[0][3:] == ("release_unused", 1)

    def test_a_release_holds_until_its_last_quarter(self, guard):
        rows = [PROCEDURE | {"period": period} for period in ("FY2022Q3", "FY2022Q4", "FY2023Q1")]
        guarded = guard([RELEASE | {"until": "FY2022Q4"}], procedure=rows)
        texts = guarded.frames["procedure"]["remarks"]
        assert texts.fillna("").to_list() == ["担当者の私見", "担当者の私見", ""]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"text": ""}, "text が空です"),
            ({"released_by": ""}, "released_by が空です"),
            ({"field": "手続名"}, "自由記入ではありません.*手続の備考"),
            ({"sheet": "セキュリティ", "field": "概要"}, "自由記入ではありません"),
            ({"released_on": "昨日"}, "2行目"),
            ({"period": "2022"}, "2行目"),
        ],
    )
    def test_a_mistake_in_the_register_is_told_in_one_line(self, guard, change, words):
        with pytest.raises(ReferenceTableError, match=words) as caught:
            guard([RELEASE | change])
        assert "\n" not in str(caught.value)


class TestNoWayAround:
    def test_packages_are_built_from_nothing_else(self):
        arguments = build_packages.__annotations__
        assert set(arguments) == {
            "packages", "municipality", "sources", "guarded_tables", "published_packages",
            "readability_before", "target_record", "return",
            # What these have is taken where the guarded tables would make it anew.
            "written_packages", "known_package_builds",
        }  # fmt: skip

    @pytest.mark.parametrize("size", [0, 1, 2, -5])
    def test_the_size_cannot_be_set_to_nothing(self, size):
        with pytest.raises(ValidationError):
            Privacy(smallest_count=size, people=("人",), people_kinds={})

    def test_no_unit_of_people_cannot_be_set_either(self):
        with pytest.raises(ValidationError):
            Privacy(smallest_count=10, people=(), people_kinds={})

    def test_the_environment_is_not_asked(self, guard, monkeypatch):
        for name in ("PRIVACY", "SKIP_PRIVACY", "KEDRO_ENV", "SUMIDA_PRIVACY_GATE"):
            monkeypatch.setenv(name, "off")
        rows = procedures("mihon@example.jp")
        assert guard(procedure=rows).held_back == {"procedure": 1}

    def test_incidents_go_out_as_counts_only(self, packages, guard, municipality, sources):
        described = packages.model_dump()
        key = ["municipality_code", "period"]
        described["packages"][0]["resources"] = [{"table": "security_incident", "primary_key": key}]
        changed = Packages.model_validate(described)
        guarded = guard(described=changed, security_incident=[])
        arguments = (changed, municipality, sources, guarded)
        with pytest.raises(PackageError, match="件数だけ"):
            build_packages(*arguments, {}, NOTHING_PUBLISHED, None, {}, None)


def test_what_is_held_back_is_told_without_the_text(guard, packages, dictionary):
    guarded = guard(procedure=procedures("mihon@example.jp", "内線3725"))
    rows = [one.as_row() for one in guarded.outcomes]
    check = build_frame(dictionary["privacy_check"], rows)
    assert list_stopped(packages, check, "blocked") == []
    (blocked,) = list_stopped(packages, check, "held_back")
    assert blocked.name == "online-procedures"
    assert blocked.title == "墨田区の行政手続のオンライン化状況"
    assert blocked.reasons == (
        "表 procedure の列 procedure_name の1欄に、メールアドレスがあります。",
        "表 procedure の列 procedure_name の1欄に、内線番号があります。",
    )
    assert "3725" not in str(rows)
