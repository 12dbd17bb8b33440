"""The CSV files of a package in the words of CSV on the Web (W3C, 2015)."""

import re
from typing import Any

from sumida_data.packages.descriptor import Descriptor

_DATATYPES = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "date": "date",
    "yearmonth": "gYearMonth",
    "boolean": "boolean",
}


def describe_tables(descriptor: Descriptor) -> Descriptor:
    """Return the table group that describes every CSV file of the package.

    Args:
        descriptor: The package with its resources.
    """
    tables = [one for one in descriptor["resources"] if one.get("type") == "table"]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "ja"}],
        "dc:identifier": descriptor["id"],
        "dc:title": _in_both(descriptor["title"], descriptor["sumida:titleEn"]),
        "dc:description": {"@value": descriptor["description"], "@language": "ja"},
        "dc:publisher": descriptor["contributors"][0]["title"],
        "dc:license": {"@id": descriptor["licenses"][0]["path"]},
        "dc:source": [source["sumida:credit"] for source in descriptor["sources"]],
        "schema:version": descriptor["version"],
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"'},
        "tables": [_describe_table(resource) for resource in tables],
    }


def _describe_table(resource: Descriptor) -> Descriptor:
    schema = resource["schema"]
    described = {
        "columns": [_describe_column(field) for field in schema["fields"]],
        "primaryKey": schema["primaryKey"],
        "foreignKeys": [_describe_reference(key) for key in schema.get("foreignKeys", ())],
    }
    return {
        "url": resource["path"],
        "dc:title": _in_both(resource["title"], resource["sumida:titleEn"]),
        "dc:description": {"@value": resource["description"], "@language": "ja"},
        "tableSchema": {key: value for key, value in described.items() if value},
    }


def _describe_reference(key: Descriptor) -> Descriptor:
    reference = key["reference"]
    return {
        "columnReference": key["fields"],
        "reference": {
            "resource": f"{reference['resource']}.csv",
            "columnReference": reference["fields"],
        },
    }


def _describe_column(field: Descriptor) -> Descriptor:
    constraints = field.get("constraints", {})
    column: Descriptor = {
        "name": field["name"],
        # The heading in the file; people's headings are titles in the sense of Dublin Core.
        "titles": field["name"],
        "dc:title": _in_both(field["title"], field["sumida:titleEn"]),
        "datatype": _describe_datatype(field["type"], constraints),
        "required": constraints.get("required", False),
    }
    if "description" in field:
        column["dc:description"] = {"@value": field["description"], "@language": "ja"}
    if "sumida:unit" in field:
        column["schema:unitText"] = field["sumida:unit"]
    return column


def _describe_datatype(name: str, constraints: dict[str, Any]) -> str | Descriptor:
    limits: Descriptor = {
        key: constraints[key] for key in ("minimum", "maximum") if key in constraints
    }
    if "pattern" in constraints:
        limits["format"] = constraints["pattern"]
    elif "enum" in constraints:
        limits["format"] = "|".join(re.escape(value) for value in constraints["enum"])
    return {"base": _DATATYPES[name]} | limits if limits else _DATATYPES[name]


def _in_both(japanese: str, english: str) -> list[Descriptor]:
    return [
        {"@value": japanese, "@language": "ja"},
        {"@value": english, "@language": "en"},
    ]
