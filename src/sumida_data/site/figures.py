"""What can be taken along: figures as SVG, values as CSV and JSON, datasets as JSON and ZIP."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sumida_data.base.metadata import HomeMunicipality, Row
from sumida_data.plan.models import IndicatorTarget
from sumida_data.present.language import Language
from sumida_data.present.templates import load_templates
from sumida_data.present.words import VERDICT_SYMBOLS
from sumida_data.site.content import IndicatorPage
from sumida_data.site.models import SiteSettings
from sumida_data.site.published import Dataset, Published

# In ASCII only, so that every tool reads the file without being told its encoding.
_COLUMNS = (
    *("period", "fiscal_year", "fiscal_quarter", "as_of", "value", "numerator", "denominator"),
    *("value_status", "definition_version", "series_break", "revision"),
)


def write_figures(
    one: IndicatorPage,
    published: Published,
    municipality: HomeMunicipality,
    site: SiteSettings,
    languages: tuple[Language, ...],
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an indicator by path; none before it has a value or a reason for none."""
    dataset = published.find("indicator_value")
    if one.chart is None or dataset is None:
        return
    start = f"indicators/{one.indicator.indicator_id}"
    terms = dataset.descriptor["licenses"][0]
    for language in languages:
        card = load_templates("site").get_template("figure.xml")
        text = card.render(
            one=one,
            language=language,
            say=language.say,
            municipality=municipality,
            site=site,
            sample=published.sample,
            symbols=VERDICT_SYMBOLS,
            license=terms["name"],
        )
        yield language.say(f"{start}.svg", f"en/{start}.svg"), text.encode()
    yield f"{start}.csv", _write_csv(one)
    described = _describe(one) | {
        "sample": published.sample,
        "source": f"{municipality.name} {site.title}",
        "license": terms["path"],
        "page": f"{published.address}{start}.html",
    }
    yield f"{start}.json", f"{json.dumps(described, ensure_ascii=False, indent=1)}\n".encode()


def write_bundles(dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """Yield each table of a dataset as JSON, and a ZIP of all its files, by path."""
    for table in dataset.tables:
        rows = [
            {name: _to_number(value) for name, value in row.items()}
            for row in dataset.read(table["name"]).to_pylist()
        ]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield f"dataset/{dataset.name}/{table['name']}.json", f"[\n{lines}\n]\n".encode()
    content = io.BytesIO()
    with ZipFile(content, "w") as bundle:
        for path, file in sorted(dataset.files.items()):
            # A file named without a time has that of the first day of ZIP.
            bundle.writestr(ZipInfo(f"{dataset.name}/{path}"), file, ZIP_DEFLATED)
    yield f"dataset/{dataset.name}/{dataset.name}.zip", content.getvalue()


def _write_csv(one: IndicatorPage) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([write_cell(row[name]) for name in _COLUMNS] for row in one.series)
    return text.getvalue().encode()


def _describe(one: IndicatorPage) -> Row:
    indicator = one.indicator
    described = indicator.model_dump(
        include={
            "title",
            "title_en",
            "definition",
            "kind",
            "goal",
            "decimals",
            "confirmed",
            "limits",
        }
        | {"unit", "unit_en", "owner", "limits"}
    )
    return {
        "indicator_id": indicator.indicator_id,
        **described,
        "verdict": one.verdict,
        "baseline": _to_number(indicator.baseline.value),
        "target": _describe_target(indicator.target),
        "values": [{name: _to_number(row[name]) for name in _COLUMNS} for row in one.series],
    }


def _describe_target(target: IndicatorTarget) -> Row:
    bounds = target.model_dump(include={"target_date", "target_min", "target_max"})
    return {name: _to_number(value) for name, value in bounds.items()}


def _to_number(value: Any) -> Any:
    """Return what JSON can say: a number stays one, a day becomes its text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_cell(value: Any) -> str | None:
    """Write a value as the CSV files do."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else value and str(value)
