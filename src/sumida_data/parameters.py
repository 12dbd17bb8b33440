"""The parameters and what they must look like, told to officers in one line per mistake."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.base.quota import Quota
from sumida_data.loose_ends import find_loose_ends
from sumida_data.packages.models import Packages, Views
from sumida_data.plan.models import InitiativeRules, Plans, ReportedPeriod
from sumida_data.privacy.releases import Privacy
from sumida_data.quality.rules import QualityRules
from sumida_data.sample.models import Sample
from sumida_data.site.models import SiteSettings
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.tables import TableDescriptions

# One model for each key at the top of a file in conf/base/parameters.
PARAMETERS: dict[str, type[BaseModel]] = {
    "finding_rules": FindingRules,
    "form": Form,
    "initiatives": InitiativeRules,
    "municipality": HomeMunicipality,
    "packages": Packages,
    "period": ReportedPeriod,
    "plans": Plans,
    "privacy": Privacy,
    "quality_rules": QualityRules,
    "quota": Quota,
    "sample": Sample,
    "site": SiteSettings,
    "sources": CentralSources,
    "tables": TableDescriptions,
    "views": Views,
    "waves": Waves,
}

_ALLOWED: dict[str, str] = {
    "missing": "この項目は必ず書いてください",
    "extra_forbidden": "この名前の項目はありません。つづりを確かめるか、消してください",
    "literal_error": "使えるのは {expected} です",
    "string_pattern_mismatch": "{pattern} の形で書いてください",
    "string_type": "文字で書いてください(数字だけのものは引用符で囲みます)",
    "dict_type": "「名前: 値」の形で、1行に1つずつ書いてください",
    "model_type": "「名前: 値」の形で、1行に1つずつ書いてください",
    "tuple_type": "[ ] で囲んだ一覧で書いてください",
    "int_parsing": "整数で書いてください",
    "decimal_parsing": "数で書いてください",
    "bool_parsing": "true か false で書いてください",
    "date_from_datetime_parsing": "2022-04-01 の形の日付で書いてください",
    "date_parsing": "2022-04-01 の形の日付で書いてください",
}


def find_mistakes(parameters: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Yield a line for each mistake: file, key, value found, what is allowed.

    Args:
        parameters: The raw parameters, as merged from files and command line.
        folder: Where the files lie, to name the one with the mistake.
    """
    read: dict[str, Any] = {}
    for key, model in PARAMETERS.items():
        if key not in parameters:
            yield f"{folder}: {key} がありません。{key}.yml を元に戻してください。"
            continue
        try:
            read[key] = model.model_validate(parameters[key])
        except ValidationError as error:
            for details in error.errors(include_url=False):
                yield _describe(details, key, folder)
    if len(read) == len(PARAMETERS):
        for key, line in find_loose_ends(read):
            yield f"{_file_of(key, folder)}: {line}"


def _describe(details: ErrorDetails, key: str, folder: Path) -> str:
    path = key + "".join(_step(part) for part in details["loc"])
    context = {name: str(value) for name, value in details.get("ctx", {}).items()}
    allowed = _ALLOWED.get(details["type"], context.get("error") or details["msg"])
    found = "" if details["type"] == "missing" else f" = {_shorten(details['input'])}"
    return f"{_file_of(key, folder)}: {path}{found} — {allowed.format_map(context)}。"


def _step(part: int | str) -> str:
    return f"[{part}]" if isinstance(part, int) else f".{part}"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _file_of(key: str, folder: Path) -> str:
    heading = re.compile(rf"^{key}:", re.MULTILINE)
    for path in sorted(folder.rglob("*.yml")):
        if heading.search(path.read_text("utf-8")):
            return path.as_posix()
    return folder.as_posix()
