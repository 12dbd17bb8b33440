"""A return that names a person and tries to run in whatever opens what is made of it."""

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from tests.pipelines.publish.office import APPROVED, ask, show, sumida_data
from tests.project import Project, Run

pytestmark = pytest.mark.long

SCRIPT = "<script>run_me()</script><img src=x onerror=run_me()>"
FORMULA = '=HYPERLINK("http://evil.example/","run_me")'
PERSON = ("両国 花子", "両国花子", "hanako@ryogoku.example", "内線98765", "98765")
REMARK = "問合せは両国花子(内線98765、hanako@ryogoku.example)まで"


@dataclass(frozen=True)
class Hostile(Project):
    """A project with a hostile return, whose quarter was published before it came in.

    Attributes:
        run: The run that read it.
        department: Whose procedures are written about.
        before: What was public before.
    """

    run: Run
    department: str
    before: Mapping[str, bytes]


def write_cells(project: Project, record: str, texts: Mapping[str, str]) -> None:
    """Write into the cells from which a procedure was read, as its department would."""
    cells = ask(
        project,
        f"SELECT field, source_file, sheet, cell FROM answer WHERE record_id = '{record}'",
    )
    path = project.path / "data/01_raw/survey" / str(cells[0][1])
    book = openpyxl.load_workbook(path)
    for field, _, sheet, cell in cells:
        if field in texts:
            book[str(sheet)][str(cell)].value = texts[str(field)]
            book[str(sheet)][str(cell)].data_type = "s"
    book.save(path)


def name_respondent(path: Path) -> None:
    """Write a person into the cover."""
    book = openpyxl.load_workbook(path)
    texts = {"記入者|担当者": PERSON[0], "内線": PERSON[-1], "メール|E-mail": PERSON[2]}
    cells = [cell for row in book["表紙"].iter_rows() for cell in row]
    for labels, text in texts.items():
        [label] = [cell for cell in cells if re.match(labels, str(cell.value))]
        book["表紙"].cell(label.row, label.column + 1).value = text
    book.save(path)


@pytest.fixture(scope="session")
def hostile(published: Project, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    project = published.copy_to(tmp_path_factory.mktemp("hostile") / "project")
    rows = ask(
        project,
        "SELECT department_code, any_value(source_file), list(DISTINCT record_id ORDER BY record_id) "
        "FROM answer WHERE table_name = 'procedure' AND period = 'FY2022Q3' "
        "GROUP BY ALL HAVING count(DISTINCT record_id) >= 4 ORDER BY 1 LIMIT 2",
    )
    (_, first, _), (department, _, records) = rows
    name_respondent(project.path / "data/01_raw/survey" / str(first))
    assert isinstance(records, list)
    texts = [
        {"procedure_name": SCRIPT, "online_cases": SCRIPT, "remarks": REMARK},
        {"procedure_name": FORMULA, "annual_cases": FORMULA},
        {"procedure_name": REMARK},
        {"online_status": SCRIPT, "payment_methods": SCRIPT},
    ]
    for record, written in zip(records, texts, strict=False):
        write_cells(project, record, written)
    before = show(project.path / "data/06_catalog/public")
    return Hostile(project.path, project.kedro("run"), str(department), before)


def read_products(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the text of every product, tables and workbooks as text."""
    for path in sorted((project.path / "data").rglob("*")):
        name = path.relative_to(project.path / "data").as_posix()
        if not path.is_file() or name.startswith("01_raw"):
            continue
        if path.suffix == ".parquet":
            yield name, pd.read_parquet(path).to_csv()
        elif path.suffix in {".xlsx", ".pptx"}:
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as parts:
                texts = [parts.read(part).decode("utf-8", "replace") for part in parts.namelist()]
                yield name, "\n".join(texts)
        elif path.suffix == ".duckdb":
            tables = ask(project, "SELECT table_name FROM duckdb_tables()")
            yield name, "\n".join(str(ask(project, f"FROM {table}")) for (table,) in tables)
        else:
            yield name, path.read_bytes().decode("utf-8", "replace")


class _Elements(HTMLParser):
    """Collects what would run."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script" and dict(attrs).get("type") != "application/ld+json"
        self.running += [f"{name}={value}" for name, value in attrs if name.startswith("on")]
        self.running += [str(value) for _, value in attrs if "javascript:" in str(value)]

    def handle_data(self, data: str) -> None:
        if self.in_script:
            self.running.append(data)


def test_the_run_goes_on_and_leaves_the_row_out(hostile: Hostile) -> None:
    assert hostile.run.code == 2, hostile.run.output
    assert "Traceback" not in hostile.run.output
    assert "に載せない行があります" in hostile.run.output
    package = hostile.path / "data/05_package/online-procedures"
    descriptor = json.loads((package / "datapackage.json").read_bytes())
    assert descriptor["sumida:rowsHeldBack"]["行政手続"] == 1
    assert "個人に関する記載のおそれがあるため" in (package / "README.md").read_text("utf-8")
    assert REMARK not in (package / "procedure.csv").read_text("utf-8-sig")


def test_who_approves_is_shown_what_is_left_out_and_each_new_text(
    hostile: Hostile, tmp_path: Path
) -> None:
    project = hostile.copy_to(tmp_path / "project")
    shown = sumida_data(project, "approve", *APPROVED, "--accept-gaps")
    assert shown.code == 0, shown.output
    left_out = "表 procedure の列 procedure_name の1欄に、{}があります"
    for kind in ("メールアドレス", "内線番号", "表紙に書かれた氏名"):
        assert left_out.format(kind) in shown.output
    assert "手続!" in shown.output
    page = (project.path / "data/06_catalog/preview/changes.html").read_text("utf-8")
    for text in (SCRIPT, FORMULA):
        assert f"行政手続の手続名「{text}」" in shown.output
        assert text in html.unescape(page)
    assert [secret for secret in PERSON if secret in shown.output + page] == []
    run = project.kedro("run", "--pipelines=publish")
    assert run.code == 0, run.output
    after = show(project.path / "data/06_catalog/public")
    folder = "dataset/online-procedures/"
    assert REMARK.encode() not in after[f"{folder}latest/procedure.csv"]
    # What was published keeps its bytes at its address.
    kept = {
        path: content
        for path, content in hostile.before.items()
        if path.startswith(f"{folder}1.0.0/") and not path.endswith("index.html")
    }
    assert len(kept) > 10
    assert {path: after.get(path) for path in kept} == kept
    again = project.kedro("run")
    assert "個人に関する" in again.output
    assert (
        json.loads((project.path / "data/06_catalog/changes.json").read_bytes())["new_texts"] == []
    )
    assert sumida_data(project, "verify").code == 0


def test_no_page_runs_what_a_workbook_says(hostile: Hostile) -> None:
    pages = [(name, text) for name, text in read_products(hostile) if name.endswith(".html")]
    assert len(pages) > 60
    for name, text in pages:
        elements = _Elements()
        elements.feed(text)
        assert [one for one in elements.running if "run_me" in one] == [], name
    shown = [name for name, text in pages if "&lt;script&gt;run_me()" in text]
    assert shown != []


def test_no_workbook_runs_what_a_workbook_says(hostile: Hostile) -> None:
    shown = 0
    for path in sorted((hostile.path / "data/08_reporting").rglob("*.xlsx")):
        with zipfile.ZipFile(path) as parts:
            for part in parts.namelist():
                text = parts.read(part).decode("utf-8", "replace")
                shown += FORMULA.partition('"')[0] in text
                formulas = re.findall(r"<f>.*?</f>|<hyperlink .*?>", text)
                assert [one for one in formulas if "evil" in one or "run_me" in one] == [], path
    assert shown > 0


def holds(text: str, secret: str) -> bool:
    """Tell whether a text holds a secret, and not by chance within a hash or a time in seconds."""
    return re.search(rf"(?<![0-9a-f.]){re.escape(secret)}(?![0-9a-f])", text) is not None


def test_the_person_is_nowhere_but_where_the_department_wrote_it(hostile: Hostile) -> None:
    assert [secret for secret in PERSON if secret in hostile.run.output] == []
    found = {
        name: [secret for secret in PERSON if holds(text, secret)]
        for name, text in read_products(hostile)
        if not _is_of_the_department(name, hostile.department)
    }
    assert {name: secrets for name, secrets in found.items() if secrets} == {}


def test_lineage_shows_no_personal_text(hostile: Hostile) -> None:
    lineage = json.dumps(ask(hostile, "FROM lineage"), default=str, ensure_ascii=False)
    assert "FY2022Q3" in lineage
    assert [secret for secret in PERSON if secret in lineage] == []


def _is_of_the_department(name: str, department: str) -> bool:
    """Whether a product is for nobody but the office and the department that wrote the text.

    What it answered stands in the tables of its answers and in its own return sheet.
    """
    return name in {
        "03_primary/answer.parquet",
        # Last quarter's answers, with which the department's own form is filled in.
        "state/answer.parquet",
        "03_primary/procedure.parquet",
    } or (name.startswith("08_reporting/returns/") and department in name)
