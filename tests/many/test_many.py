"""Many municipalities in one project, on processes and on Spark."""

import errno
import io
import os
import shutil
import signal
import tarfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.many import Many, units
from sumida_data.many.national import build_national_package
from sumida_data.many.results import (
    LEDGERS_LOST,
    PEERS,
    RESPONSES,
    SENT_TWICE,
    Results,
    group_alike,
)
from sumida_data.many.units import (
    EngineError,
    Outcome,
    Unit,
    Work,
    _list_files,
    parse_registers,
    run_units,
    start_spark,
)
from sumida_data.packages.models import Packages
from sumida_data.packages.package import PackagesValidator
from sumida_data.plan.models import Plans
from sumida_data.privacy.counts import Privacy
from sumida_data.survey.form import CentralSources, Form
from sumida_data.survey.reading.registers import ReferenceTableError
from sumida_data.survey.reading.stamp import STAMP_SHEET, Stamp
from tests.many.conftest import CODES, LIST_BEGINS, PERIODS
from tests.sample.conftest import read_register

# Sums of what the municipalities counted must be equal by both engines.
SUMS = """
SELECT indicator_id, period, count(value) AS municipalities,
    sum(numerator) AS numerator, sum(denominator) AS denominator
FROM indicator_value
GROUP BY indicator_id, period
ORDER BY indicator_id, period
"""
PROCESSES = Many(engine="processes", workers=2)
SPARK = Many(engine="spark", master="local[2]")


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.code: outcome.state for outcome in outcomes}


def run(work: Work, settings: Many = PROCESSES) -> list[Outcome]:
    return run_units(work, settings)


@dataclass(frozen=True)
class Deadly(Work):
    """Work of which one unit brings its process down."""

    deadly: str = ""

    def read(self, code: str, key: str = "", *, has_run: bool = False) -> Unit:
        if code == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(code, key, has_run=has_run)


@pytest.fixture(scope="module")
def finished(make_work: Callable[[Path], Work], tmp_path_factory: pytest.TempPathFactory) -> Work:
    """Work that has been done once; tests read it and change nothing."""
    work = make_work(tmp_path_factory.mktemp("finished"))
    assert set(states(run(work)).values()) == {"done"}
    return work


def find_why_no_spark() -> str:
    if shutil.which("java") is None:
        return "no Java on this machine"
    return "" if find_spec("pyspark") else "PySpark is not installed"


def test_a_repeat_takes_up_only_what_is_new_changed_or_gone(finished: Work, tmp_path: Path) -> None:
    shutil.copytree(finished.survey, tmp_path / "survey")
    shutil.copytree(finished.results, tmp_path / "tables")
    work = replace(finished, survey=tmp_path / "survey", results=tmp_path / "tables")
    hashes = Results(work.results).hash_tables()
    assert {"answer", "response", "procedure", "indicator_value", "lineage"} <= hashes.keys()
    path = next((work.survey / CODES[0] / PERIODS[1]).iterdir())
    path.unlink()
    shutil.rmtree(work.survey / CODES[5])
    again = states(run(work))
    assert again == {CODES[0]: "done", **dict.fromkeys(CODES[1:5], "kept")}
    assert Results(work.results).hash_tables() != hashes
    assert not list(work.results.glob(f"*/municipality={CODES[5]}"))


def test_a_unit_equals_what_one_municipality_makes_by_itself(finished: Work) -> None:
    work = finished
    unit = work.read(CODES[2])
    for name, table in (work.compute([unit]) | dict(unit.alone)).items():
        parts = sorted((work.results / name / f"municipality={CODES[2]}").glob("*/*.parquet"))
        # As a file by itself: the folders' names are no columns of it.
        kept = pa.concat_tables([pq.ParquetFile(part).read() for part in parts])
        assert kept.equals(table.sort_by("period")), name


def test_each_municipality_keeps_a_ledger_of_receipts(finished: Work, tmp_path: Path) -> None:
    work, name, day = replace(finished, receipts=tmp_path), f"{CODES[0]}.parquet", date(2023, 1, 16)
    known = pq.read_table(finished.receipts / name)
    place = known.column_names.index("received_on")
    before = known.set_column(place, "received_on", pa.array([day] * len(known)))
    pq.write_table(before, tmp_path / name)
    response = work.read(CODES[0]).response
    assert {*response["received_on"].to_pylist()} - {None} == {day}
    assert pq.read_table(tmp_path / name).to_pylist() == before.to_pylist()
    (tmp_path / name).unlink()
    for has_run in (True, False):
        # It stays known after the run that began anew.
        rules = work.read(CODES[0], has_run=has_run).alone["finding"]["rule_id"].to_pylist()
        assert rules.count("F117") == len(PERIODS)


def test_a_lost_ledger_is_told_also_where_nothing_else_has_changed(
    finished: Work, tmp_path: Path
) -> None:
    copied = shutil.copytree(finished.results, tmp_path / "tables")
    work = replace(finished, results=copied, receipts=tmp_path / "receipts")
    work.receipts.mkdir()
    assert [one.state for one in work.process(CODES[:1])] == ["done"]
    assert Results(work.results).ask(LEDGERS_LOST) == [{"codes": CODES[0]}]
    assert [one.state for one in work.process(CODES[:1])] == ["kept"]


def test_archives_stand_for_the_folder_of_a_quarter(finished: Work, tmp_path: Path) -> None:
    work = finished
    packed = replace(work, results=tmp_path / "tables", survey=tmp_path / "survey")
    for code in CODES[:2]:
        folder = packed.survey / code
        folder.mkdir(parents=True)
        for period in PERIODS:
            files = sorted((work.survey / code / period).iterdir())
            if code == CODES[0]:
                with zipfile.ZipFile(folder / f"{period}.zip", "w") as archive:
                    for file in files:
                        archive.write(file, file.name)
            else:
                with tarfile.open(folder / f"{period}.tar", "w") as tape:
                    for file in files:
                        tape.add(file, file.name)
    assert set(states(run(packed)).values()) == {"done"}
    question = (
        "SELECT municipality_code, indicator_id, period, value FROM indicator_value ORDER BY ALL"
    )
    expected = [
        row for row in Results(work.results).ask(question) if row["municipality_code"] in CODES[:2]
    ]
    assert Results(packed.results).ask(question) == expected


def test_names_of_macos_are_those_of_windows(finished: Work, tmp_path: Path) -> None:
    folder = tmp_path / "survey" / CODES[0] / PERIODS[1]
    folder.mkdir(parents=True)
    source = next((finished.survey / CODES[0] / PERIODS[1]).iterdir())
    shutil.copy(source, folder / unicodedata.normalize("NFD", "1203_が.xlsx"))
    names = [one.name for one in _list_files(folder.parent)]
    assert names == [f"{PERIODS[1]}/1203_が.xlsx"]


def test_a_municipality_has_central_files_of_its_own(finished: Work, tmp_path: Path) -> None:
    work = replace(finished, external=tmp_path / "external", results=tmp_path / "tables")
    path = work.external / CODES[0] / "open_dataset" / PERIODS[1] / "list.csv"
    path.parent.mkdir(parents=True)
    path.write_text(
        "\n".join([*LIST_BEGINS, "a,題,2022-04-01,1,配信中", "b,題,,2,配信中"]), "utf-8"
    )
    assert [*states(work.process(CODES[:2])).values()] == ["done", "done"]
    results = Results(work.results)
    question = "SELECT {} FROM {} WHERE indicator_id = 'open_datasets' AND period = 'FY2022Q3' ORDER BY ALL"
    values = results.ask(question.format("municipality_code, value", "indicator_value"))
    assert [tuple(row.values()) for row in values] == [(CODES[0], 2), (CODES[1], None)]
    cells = results.ask(question.format("DISTINCT source_file, cell", "lineage"))
    assert {row["source_file"] for row in cells} == {f"open_dataset/{PERIODS[1]}/list.csv"}
    assert states(work.process(CODES[:1])) == {CODES[0]: "kept"}
    path.write_text("\n".join([*LIST_BEGINS, "a,題,2022-04-01,1,配信中"]), "utf-8")
    assert states(work.process(CODES[:1])) == {CODES[0]: "done"}
    assert results.ask(question.format("value", "indicator_value"))[0]["value"] == 1


def test_bad_days_are_named_and_stop_nobody_else(
    work: Work, returns_of: dict[str, dict[str, bytes]]
) -> None:
    (work.survey / "999999" / PERIODS[0]).mkdir(parents=True)
    name, content = next(iter(returns_of[CODES[0]].items()))
    (work.survey / CODES[1] / name).write_bytes(content)
    (work.survey / CODES[3] / f"{PERIODS[1]}.tar").write_bytes(b"\0" * 700)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, content)
    (work.survey / CODES[4] / f"{PERIODS[1]}.zip").write_bytes(
        whole.getvalue()[: len(content) // 2]
    )
    outcomes = run(work)
    assert states(outcomes) == {**dict.fromkeys(CODES, "done"), "999999": "failed"}
    assert outcomes[-1].reason.endswith("999999 は municipalities.csv にありません。")
    results = Results(work.results)
    assert results.ask(SENT_TWICE)[0]["codes"] == f"{CODES[0]}、{CODES[1]}"
    unreadable = results.ask(
        "SELECT DISTINCT municipality, severity FROM finding "
        "WHERE source_file LIKE '%.tar' OR source_file LIKE '%.zip' ORDER BY ALL"
    )
    assert unreadable == [
        {"municipality": code, "severity": "error"} for code in (CODES[3], CODES[4])
    ]


def test_a_unit_that_brings_its_process_down_is_set_aside(work: Work) -> None:
    fields = {name: getattr(work, name) for name in Work.__dataclass_fields__}
    outcomes = run(Deadly(**fields, deadly=CODES[4]))
    assert states(outcomes) == {
        code: "failed" if code == CODES[4] else "done" for code in CODES
    } | {code: states(outcomes)[code] for code in CODES if states(outcomes)[code] == "kept"}
    assert "プロセスが終了しました" in outcomes[4].reason


def test_a_full_disk_leaves_no_part_of_a_result(
    finished: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, write = replace(finished, results=tmp_path), pq.write_table
    full = [f"municipality={CODES[1]}/quarter={PERIODS[1]}", "indicator_value"]

    def fill_up(table: pa.Table, path: object, **options: Any) -> None:
        if all(part in str(path) for part in full):
            raise OSError(errno.ENOSPC, "full")
        write(table, path, **options)

    monkeypatch.setattr(units.pq, "write_table", fill_up)
    outcomes = work.process(CODES)
    assert [one.code for one in outcomes if one.state == "failed"] == [CODES[1]]
    (reason,) = (one.reason for one in outcomes if one.reason)
    assert reason == "ディスクの空きが足りません。要らないものを消してください。"
    assert not list(work.results.glob(f"*/municipality={CODES[1]}"))
    full.append("nowhere")
    again = states(work.process(CODES))
    assert again == dict.fromkeys(CODES, "kept") | {CODES[1]: "done"}
    assert Results(work.results).hash_tables() == Results(finished.results).hash_tables()


@dataclass(frozen=True)
class Unlucky(Work):
    """Work in which what is computed of one municipality takes more memory than there is."""

    too_large: str = ""

    def compute(self, units: Sequence[Unit]) -> dict[str, pa.Table]:
        if self.too_large in {unit.code for unit in units}:
            raise MemoryError
        return super().compute(units)


def test_one_that_is_too_large_does_not_take_those_beside_it_along(
    finished: Work, tmp_path: Path
) -> None:
    fields = {name: getattr(finished, name) for name in Work.__dataclass_fields__}
    work = Unlucky(**fields | {"results": tmp_path}, too_large=CODES[2])
    outcomes = {one.code: one for one in work.process(CODES)}
    assert outcomes[CODES[2]].state == "failed"
    assert "MemoryError" in outcomes[CODES[2]].reason
    assert [code for code in CODES if outcomes[code].state == "done"] == [
        code for code in CODES if code != CODES[2]
    ]


@pytest.mark.long
def test_another_locale_and_time_zone_change_nothing(
    finished: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati"}.items():
        monkeypatch.setenv(name, value)
    work = replace(finished, results=tmp_path)
    assert states(run(work)) == dict.fromkeys(CODES, "done")
    assert Results(work.results).hash_tables() == Results(finished.results).hash_tables()


def test_a_return_on_another_version_of_the_form_is_named(work: Work) -> None:
    path = next((work.survey / CODES[0] / PERIODS[1]).glob("*.xlsx"))
    book, name = openpyxl.load_workbook(path), f"{PERIODS[1]}/{path.name}"
    sheet = book.create_sheet(STAMP_SHEET)
    for row in Stamp("2019-9", PERIODS[1], path.name[:4]).labels.items():
        sheet.append(row)
    book.save(path)
    assert states(work.process(CODES[:1])) == {CODES[0]: "done"}
    results = Results(work.results)
    (found,) = results.ask("SELECT * FROM finding WHERE message LIKE '%2019-9%'")
    assert found["source_file"] == name
    values = (
        "SELECT count(*) AS n, count(DISTINCT (indicator_id, period)) AS m FROM indicator_value"
    )
    (counted,) = results.ask(values)
    assert counted["n"] == counted["m"]


def test_analysts_ask_all_or_one_municipality(finished: Work, tmp_path: Path) -> None:
    Results(finished.results).write_views(tmp_path / "many.duckdb")
    question = "SELECT cell FROM {} WHERE municipality = ? AND indicator_id = 'cashless_procedures'"
    with duckdb.connect(tmp_path / "many.duckdb", read_only=True) as database:
        cells = database.execute(question.format("lineage"), [CODES[0]]).fetchall()
        asked = database.execute(
            question.format(f"lineage_of('{CODES[0]}')"), [CODES[0]]
        ).fetchall()
    assert cells
    assert sorted(asked) == sorted(cells)


def test_the_page_places_each_among_its_peers(finished: Work, tmp_path: Path) -> None:
    work, results = finished, Results(finished.results)
    registers = {**work.registers, "142069": work.registers[""]}
    work = replace(work, registers=registers)
    responses = results.list_responses(work, {"999999": "読めません"})
    told = {row["municipality_code"]: (row["name"], row["reason"]) for row in responses}
    assert told["142069"] == ("小田原市", "まだ1つも届いていません。")
    assert told["999999"] == ("", "読めません")
    results.write_page(tmp_path / "peers.html", work, responses)
    page = (tmp_path / "peers.html").read_text("utf-8")
    assert all(name in page for name in ("千代田区", "墨田区", "キャッシュレス決済手続数"))
    # Only one of them has sent a list of open data; of the others there is no figure to place.
    table = page.partition("オープンデータ公開件数")[2].partition("</table>")[0]
    assert table.count("未測定") == len(CODES) - 1
    assert "組1：" not in page


def test_only_what_is_of_one_day_and_definition_stands_side_by_side() -> None:
    day, later = date(2022, 12, 31), date(2023, 3, 31)
    said = [
        (day, "1", 10, "0.5"),
        (day, "1", 40, "3"),
        (day, "2", 30, None),
        (later, "1", None, "-1"),
    ]
    rows = [
        {
            "as_of": as_of,
            "definition_version": version,
            "value": value and Decimal(value),
            "progress_ratio": pace and Decimal(pace),
        }
        for as_of, version, value, pace in said
    ]
    kinds = group_alike(rows)
    assert [(kind["as_of"], kind["version"], len(kind["rows"])) for kind in kinds] == [
        (day, "1", 2),
        (day, "2", 1),
        (later, "1", 1),
    ]
    assert [(row["kind"], row["at"], row["pace_at"]) for row in rows] == [
        (0, Decimal("25.0"), Decimal("25.0")),
        (0, Decimal("100.0"), Decimal("100.0")),
        (1, Decimal("100.0"), None),
        (2, None, Decimal("0.0")),
    ]


@pytest.mark.skipif(bool(find_why_no_spark()), reason=find_why_no_spark())
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_rows_and_sums(
    finished: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What its workers run is measured where processes run it.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    on_spark = replace(finished, results=tmp_path / "tables", receipts=tmp_path / "receipts")
    outcomes = run(on_spark, SPARK)
    assert states(outcomes) == dict.fromkeys(CODES, "done"), outcomes
    session = start_spark(SPARK.master)
    try:
        one, other = Results(finished.results), Results(on_spark.results)
        assert one.hash_tables() == other.hash_tables()
        asked_of_spark = Results(on_spark.results, session)
        for query in (SUMS, RESPONSES, SENT_TWICE, LEDGERS_LOST, PEERS):
            assert asked_of_spark.ask(query) == one.ask(query)
    finally:
        session.stop()
    ledgers = [
        {path.name: pq.read_table(path).to_pylist() for path in work.receipts.iterdir()}
        for work in (finished, on_spark)
    ]
    assert len(ledgers[0]) == len(CODES)
    assert ledgers[0] == ledgers[1]
    question = "SELECT DISTINCT municipality_code FROM lineage WHERE indicator_id = 'open_datasets'"
    assert one.ask(question) == [{"municipality_code": CODES[3]}]


def test_without_java_it_is_said_what_is_missing(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"pip install .\[spark\]"):
        run_units(work, SPARK)


def test_rows_of_registers_may_belong_to_one_municipality(finished: Work, form: Form) -> None:
    work = finished
    answers = work.read(CODES[0]).answer.to_pylist()
    row = answers[0]
    assert row["table_name"] == "procedure"
    cells = [one for one in answers if one["record_id"] == row["record_id"]]
    said = {one["field"]: one["value"] for one in cells}
    departments = read_register("departments")
    agreed = {
        "correction_id": "C1",
        "period": row["period"],
        "until": "",
        "department_code": row["department_code"],
        "sheet": "手続",
        "row": said["procedure_number"],
        "field": "備考",
        "expected_value": said["remarks"] or "",
        "new_value": "確認済み",
        "reason": "電話で確かめた",
        "agreed_by": "見本",
        "agreed_on": "2023-02-01",
        "municipality_code": CODES[0],
    }
    registers = parse_registers([departments, [], [agreed], []], form)
    assert registers[CODES[0]].departments == registers[""].departments
    corrected = replace(work, registers=registers)
    for code, expected in ((CODES[0], ["C1"]), (CODES[1], [])):
        unit = corrected.read(code)
        assert unit.alone["correction"]["correction_id"].to_pylist() == expected
        ids = [one for one in unit.answer["correction_id"].to_pylist() if one]
        assert ids == expected
    with pytest.raises(ReferenceTableError, match=r"corrections.csv の3行目の field: '備忘'"):
        parse_registers([departments, [], [{}, agreed | {"field": "備忘"}], []], form)


def test_one_package_holds_the_indicators_of_all(
    finished: Work, raw_parameters: dict[str, Any], sources: CentralSources, plans: Plans
) -> None:
    work, packages = finished, Packages.model_validate(raw_parameters["packages"])
    office = HomeMunicipality.model_validate(raw_parameters["municipality"])
    privacy = Privacy.model_validate(raw_parameters["privacy"] | {"smallest_count": 25})
    results = Results(work.results)
    settings = (work.dictionary, plans, packages, privacy, sources, office)
    built = build_national_package(results, *settings)
    assert {path.split("/")[0] for path in built} == {"dx-indicators"}
    assert PackagesValidator().validate(built) is built
    values = pq.read_table(io.BytesIO(built["dx-indicators/indicator_value.parquet"])).to_pylist()
    question = "SELECT municipality_code, period, count(*) AS n FROM indicator_value GROUP BY ALL"
    counted = Counter((row["municipality_code"], row["period"]) for row in values)
    assert counted == {
        (one["municipality_code"], one["period"]): one["n"] for one in results.ask(question)
    }
    small = results.ask(
        "SELECT municipality_code, period FROM indicator_value "
        "WHERE indicator_id = 'security_training_rate' AND numerator BETWEEN 1 AND 24"
    )
    hidden = [row for row in values if row["value_status"] == "suppressed"]
    assert small
    assert {row["value"] for row in hidden} == {None}
    assert {(one["municipality_code"], one["period"]) for one in small} <= {
        (row["municipality_code"], row["period"]) for row in hidden
    }
    # What is withheld of one says nothing of another, whose figures stay.
    progress = pq.read_table(io.BytesIO(built["dx-indicators/indicator_progress.parquet"]))
    lost = {(r["municipality_code"], r["indicator_id"], r["period"]) for r in hidden}
    kept = "SELECT municipality_code, indicator_id, period, method, value FROM indicator_progress"
    told = {tuple(row.values())[:4]: row["value"] for row in results.ask(kept)}
    for row in progress.to_pylist():
        whose = (row["municipality_code"], row["indicator_id"], row["period"])
        if whose not in lost:
            assert row["value"] == told[(*whose, row["method"])]
    assert len({code for code, *_ in lost}) < len(CODES)
    nobody = build_national_package(Results(work.results / "nowhere"), *settings)
    assert b"indicator_value" in nobody["dx-indicators/datapackage.json"]
