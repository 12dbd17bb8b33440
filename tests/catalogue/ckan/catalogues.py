"""Small catalogues to publish."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from sumida_data.catalogue.target import Catalogue, Dataset, File, PublicTarget

FIELDS = [
    {"name": "period", "type": "string", "title": "期", "description": "対象の四半期"},
    {"name": "name", "type": "string", "title": "指標", "sumida:titleEn": "Indicator"},
    {"name": "as_of", "type": "date", "title": "基準日"},
    {"name": "value", "type": "number", "title": "値", "sumida:unit": "%"},
    {"name": "count", "type": "integer", "title": "件数", "sumida:unit": "件"},
    {"name": "sample", "type": "boolean", "title": "見本"},
]
ROWS = [
    ("FY2022Q3", "普及率", "2023-01-31", "59.3", "", "false"),
    ("FY2022Q3", "電子決裁率", "2022-03-31", "64.40", "154", "false"),
]


def make_dataset(
    name: str = "dx-indicators", rows: Sequence[Sequence[str]] = ROWS, **metadata: Any
) -> Dataset:
    """Return a dataset of a table, its description for machines and one for people."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([[f["name"] for f in FIELDS], *rows])
    descriptor = {
        "name": name,
        "resources": [
            {
                "path": "indicator_value.csv",
                "schema": {"fields": FIELDS, "primaryKey": ["period", "name"]},
            }
        ],
    }
    text = json.dumps(descriptor, ensure_ascii=False)
    return Dataset(
        name=name,
        metadata={
            "title": "墨田区の計画の指標",
            "notes": "計画の指標の値。\n2行目。",
            "url": "https://example.org/opendata",
            "version": "1.0.0",
            "maintainer": "ICT推進担当",
            "license_id": "CC-BY-4.0",
            "tags": [{"name": "行政情報化"}, {"name": "年齢・男女別"}],
            "extras": [{"key": "更新頻度", "value": "四半期"}],
        }
        | metadata,
        files=(
            make_file("README.md", f"# {name}\n".encode(), "MD", "text/markdown"),
            make_file(
                "indicator_value.csv", f"\ufeff{stream.getvalue()}".encode(), "CSV", "text/csv"
            ),
            make_file(
                "indicator_value.parquet", b"PAR1" * 20, "PARQUET", "application/vnd.apache.parquet"
            ),
            make_file("datapackage.json", text.encode(), "JSON", "application/json"),
        ),
    )


def make_file(key: str, content: bytes, form: str, mimetype: str) -> File:
    """Return a file with a Japanese name and description."""
    description = "（2022年（令和4年）12月31日現在）"
    metadata = {
        "name": f"表 {form}",
        "description": description,
        "format": form,
        "mimetype": mimetype,
    }
    return File(key, content, metadata)


def make_catalogue(
    *datasets: Dataset, sample: bool = True, blocked: tuple[str, ...] = ()
) -> Catalogue:
    """Return a catalogue of these datasets, or of one."""
    return Catalogue(datasets or (make_dataset(),), {}, sample, blocked)


def publish(target: PublicTarget, catalogue: Catalogue) -> None:
    """Publish what differs, as the publish pipeline does."""
    target.apply(catalogue, "")
