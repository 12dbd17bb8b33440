"""A city that differs from the first project in all that may differ, by configuration alone."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import yaml

PARAMETERS = "conf/base/parameters"
REGISTERS = "data/01_raw/reference"
# Sheets of the first project's form that this one has not, by their tables.
GONE = (
    "procedure",
    "procedure_payment_method",
    "consultation",
    "standardization",
    "training",
    "security_training",
    "security_incident",
    "initiative",
    "initiative_effect",
    "initiative_effect_figure",
    "initiative_effect_summary",
    "indicator_explanation",
)
DEPARTMENTS = {
    "110010": ("総務局", "文書課"),
    "110020": ("総務局", "情報課"),
    "220010": ("市民局", "窓口課"),
}
SHEETS = """
- sheet: 窓口
  table: counter
  title: 窓口
  title_en: Counter
  layout: rows
  kind: stock
  description: 1行は、1つの課の1つの窓口の、1つの四半期末の状態。
  fields:
    - {name: counter_name, title: 窓口名, title_en: Counter name, description: 窓口の名前。, key: true, required: true, published: true, example: 総合窓口}
    - {name: booking, title: 来庁予約, title_en: Booking, description: 来庁を予約できるか。, enum: [できる, できない], published: true, example: できる}
    - {name: visitors, title: 来庁者数, title_en: Visitors, type: integer, unit: 件, minimum: 0, description: 1年の来庁の数。, published: true, example: "1200"}
- sheet: 講座
  table: lecture
  title: 講座
  title_en: Lecture
  layout: rows
  kind: events
  description: 1行は、1つの課が開いた1回の講座。
  fields:
    - {name: lecture_name, title: 講座名, title_en: Lecture, description: 講座の名前。, key: true, required: true, published: true, example: スマートフォン講座}
    - {name: held_on, title: 開催日, title_en: Held on, type: date, description: 開いた日。, key: true, required: true, published: true, example: "2026-05-10"}
"""
COUNTERS = {
    "110010": [("情報公開窓口", "できる", 300)],
    "110020": [("電子申請相談", "できない", 120)],
    "220010": [("住民票窓口", "できる", 5200), ("戸籍窓口", "できない", 2100)],
}
_COUNT = """
SELECT c.row_id, 1 AS numerator
FROM counter AS c
JOIN reporting_period AS r ON c.period = r.period
WHERE c.booking = 'できる'
"""
_SHARE = """
SELECT c.row_id, if(c.booking = 'できる', c.visitors, 0) AS numerator, c.visitors AS denominator
FROM counter AS c
JOIN reporting_period AS r ON c.period = r.period
"""


def write(folder: Path, name: str, content: Any) -> None:
    text = yaml.safe_dump({name: content}, allow_unicode=True, sort_keys=False)
    (folder / PARAMETERS / f"{name}.yml").write_text(text, "utf-8")


def change(folder: Path, name: str, **changes: Any) -> None:
    write(folder, name, read(folder, name) | changes)


def read(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / PARAMETERS / f"{name}.yml").read_text("utf-8"))[name]


def make_different(folder: Path, year: int) -> None:
    """Give a new project other sheets, departments with six digits, two plans, other packages."""
    register = "department_code,division,section,valid_from,valid_to,verified\n"
    register += "".join(
        f"{code},{','.join(one)},2020-04-01,,未確認\n" for code, one in DEPARTMENTS.items()
    )
    (folder / REGISTERS / "departments.csv").write_text(register, "utf-8")
    _change_form(folder)
    write(folder, "waves", _ask(year))
    plans = read(folder, "plans")
    write(folder, "plans", list(_plan(plans[0], year)))
    for name, key in (("quality_rules", "rules"), ("views", "views")):
        kept = [one for one in read(folder, name)[key] if not _rests_on_gone(one)]
        change(folder, name, **{key: kept})
    _change_packages(folder)


def _change_form(folder: Path) -> None:
    cover, *_ = read(folder, "form")["sheets"]
    for field in cover["fields"]:
        if field["name"] == "department_code":
            field |= {"pattern": "[0-9]{6}", "example": "110010"}
    change(folder, "form", sheets=[cover, *yaml.safe_load(SHEETS)])
    path = folder / PARAMETERS / "tables.yml"
    path.write_text(path.read_text("utf-8").replace('"[0-9]{4}"', '"[0-9]{6}"'), "utf-8")


def _ask(year: int) -> dict[str, Any]:
    asked = {"departments": "all", "sheets": {"窓口": "all", "講座": "all"}}
    quarters = {f"FY{year - 1}Q4": f"{year}-04-20", f"FY{year}Q1": f"{year}-07-20"}
    return {period: {"due_on": due_on, **asked} for period, due_on in quarters.items()}


def _plan(example: dict[str, Any], year: int) -> Iterable[dict[str, Any]]:
    """Return a plan of ten years that has begun and one of three that begins."""
    count, share = example["indicators"]
    count |= {"table": "counter", "numerator_fields": ["booking"], "query": _COUNT}
    count |= {"unit": "窓口", "unit_en": "counters"}
    fields = {"numerator_fields": ["booking", "visitors"], "denominator_fields": ["visitors"]}
    share |= {
        "table": "counter",
        "query": _SHARE,
        "year_to_date": False,
        "baseline": {"value": 20},
    } | fields
    for number, (first, years) in enumerate({year - 3: 10, year: 3}.items()):
        indicators = [
            one | {"indicator_id": f"{name}_{number}", "title": f"{title}{number}"}
            for one, name, title in (
                (count, "bookable", "予約窓口"),
                (share, "bookable_share", "予約来庁率"),
            )
        ]
        if number:
            indicators[0]["continues"] = {"plan_id": "plan-0", "indicator_id": "bookable_0"}
        yield example | {
            "plan_id": f"plan-{number}",
            "title": f"第{number + 1}次計画",
            "first_day": f"{first}-04-01",
            "last_day": f"{first + years}-03-31",
            "baseline_fiscal_year": first - 1,
            "indicators": indicators,
        }


def _rests_on_gone(one: dict[str, Any]) -> bool:
    text = yaml.safe_dump(one)
    return any(re.search(rf"\b{table}\b", text) for table in GONE) or "procedure_not_online" in text


def _change_packages(folder: Path) -> None:
    kept = []
    for package in read(folder, "packages")["packages"]:
        resources = [one for one in package["resources"] if one["table"] not in GONE]
        if package["name"] == "online-procedures":
            key = ["municipality_code", "period", "department_code"]
            resources = [
                {"table": "counter", "primary_key": [*key, "counter_name"]},
                {"table": "lecture", "primary_key": [*key, "lecture_name", "held_on"]},
            ]
            package |= {
                "name": "counters",
                "title": "窓口と講座",
                "title_en": "Counters and lectures",
            }
            # As long as a description must be that people are to find it by.
            described = "市の窓口ごとに、予約を受け付けているかと利用した人の数を、講座ごとに、開いた日と参加した人の数を載せています。"
            package |= {"description": described, "description_en": "Counters and lectures."}
        if resources:
            kept.append(package | {"resources": resources})
    change(folder, "packages", packages=kept)


def answer(form: Path, returned: Path, code: str, day: str) -> None:
    """Fill in a blank form as a department does, and send it back."""
    book = openpyxl.load_workbook(form)
    for row in book["表紙"].iter_rows():
        for cell in row:
            if str(cell.value or "").startswith("回答日"):
                book["表紙"].cell(cell.row, cell.column + 1).value = day
    sheet = book["窓口"]
    (heading,) = (cell for row in sheet.iter_rows() for cell in row if cell.value == "窓口名")
    used = heading.row + 2
    for number, counter in enumerate(COUNTERS[code]):
        for column, value in enumerate(counter):
            sheet.cell(used + number, heading.column + column).value = value
    returned.parent.mkdir(parents=True, exist_ok=True)
    book.save(returned)
