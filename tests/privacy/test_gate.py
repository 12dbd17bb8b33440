"""What passes the gate, what is blocked, and that there is no way around it."""

import io
import zipfile

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from sumida_data.base.frames import build_frame
from sumida_data.packages.models import PackageError, Packages
from sumida_data.pipelines.packages import build_packages
from sumida_data.privacy.gate import count_void_releases, list_blocked
from sumida_data.privacy.releases import Privacy
from sumida_data.survey.reading.registers import ReferenceTableError
from tests.packages.conftest import PROCEDURE
from tests.privacy.conftest import RELEASE, procedures
from tests.privacy.planted import plant, write_ordinary

PLANTED = list(plant())
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


@pytest.fixture(scope="module")
def publish(packages, municipality, sources):
    """Return a function that builds what the gate admits."""

    def build(guarded):
        files, _ = build_packages(packages, municipality, sources, guarded, {}, None)
        return files

    return build


class TestPlanted:
    @pytest.mark.parametrize("kind", sorted({case.kind for case in PLANTED}))
    def test_in_a_published_column_blocks_the_package_and_no_other(
        self, guard, publish, packages, kind
    ):
        cases = [case for case in PLANTED if case.kind == kind]
        for number, field in enumerate(FIELDS):
            texts = [case.text for case in cases[number :: len(FIELDS)]]
            guarded = guard(procedure=[*procedures(*texts, field=field), PROCEDURE])
            assert list(guarded.blocked) == ["online-procedures"]
            assert {one.field for one in guarded.blocked["online-procedures"]} == {field}
            assert max(one.cells for one in guarded.outcomes) == len(texts)
            assert [case for case in cases if case.secret in str(guarded.outcomes)] == []
        files = publish(guarded)
        built = {path.partition("/")[0] for path in files}
        assert built == {one.name for one in packages.packages} - {"online-procedures"}

    def test_in_free_text_never_gets_out(self, guard, publish):
        rows = procedures(*(case.text for case in PLANTED), field="remarks")
        guarded = guard(procedure=rows)
        assert guarded.blocked == {}
        shown = read_everything(publish(guarded))
        assert "T1203-239" in shown
        assert [case for case in PLANTED if case.secret in shown] == []

    def test_in_a_released_text_blocks_all_the_same(self, guard):
        case = next(case for case in PLANTED if case.kind == "name of a cover")
        rows = procedures(case.text, field="remarks")
        release = RELEASE | {"row": "T1203-000", "text": case.text}
        assert list(guard([release], procedure=rows).blocked) == ["online-procedures"]

    def test_a_number_column_is_searched_too(self, guard):
        rows = [PROCEDURE | {"annual_cases": 123456789018}]
        assert outcomes(guard(procedure=rows)) == [
            ("online-procedures", "procedure", "annual_cases", "blocked", 1)
        ]

    def test_ordinary_texts_pass(self, guard):
        texts = [text for text in write_ordinary(400) if "一括登録" not in text]
        texts = [text for text in texts if "納付書番号" not in text]
        assert guard(procedure=procedures(*texts)).blocked == {}


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
            "readability_before", "return",
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
        assert list(guard(procedure=rows).blocked) == ["online-procedures"]

    def test_incidents_go_out_as_counts_only(self, packages, guard, municipality, sources):
        described = packages.model_dump()
        key = ["municipality_code", "period"]
        described["packages"][0]["resources"] = [{"table": "security_incident", "primary_key": key}]
        changed = Packages.model_validate(described)
        guarded = guard(described=changed, security_incident=[])
        with pytest.raises(PackageError, match="件数だけ"):
            build_packages(changed, municipality, sources, guarded, {}, None)


def test_what_is_blocked_is_told_without_the_text(guard, packages, dictionary):
    guarded = guard(procedure=procedures("mihon@example.jp", "内線3725"))
    rows = [one.as_row() for one in guarded.outcomes]
    check = build_frame(dictionary["privacy_check"], rows)
    (blocked,) = list_blocked(packages, check)
    assert blocked.name == "online-procedures"
    assert blocked.title == "墨田区の行政手続のオンライン化状況"
    assert blocked.reasons == (
        "表 procedure の列 procedure_name の1欄に、メールアドレスがあります。",
        "表 procedure の列 procedure_name の1欄に、内線番号があります。",
    )
    assert "3725" not in str(rows)
