"""A gate of the project's own descriptions, and tables of a few rows."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Plans
from sumida_data.privacy import gate
from sumida_data.privacy.counts import Privacy
from sumida_data.privacy.gate import GuardedTables, parse_releases
from sumida_data.privacy.personal import NameScreen, find_named_cells
from sumida_data.survey.form import Form
from tests.packages.conftest import PROCEDURE, Row, build, built, frames, packages
from tests.privacy.planted import NAMES

__all__ = ["build", "built", "frames", "packages"]

Guard = Callable[..., GuardedTables]

RELEASE = {
    "period": "FY2022Q3",
    "until": "",
    "department_code": "1203",
    "sheet": "手続",
    "row": "T1203-02",
    "field": "備考",
    "text": "担当者の私見",
    "released_by": "ICT推進担当課長",
    "released_on": "2023-02-01",
    "reason": "課に確かめ、公開してよいとの回答を得た。",
}


@pytest.fixture(scope="session")
def privacy(raw_parameters: dict[str, Any]) -> Privacy:
    return Privacy.model_validate(raw_parameters["privacy"])


@pytest.fixture(scope="session")
def guard(
    dictionary: DataDictionary,
    plans: Plans,
    form: Form,
    privacy: Privacy,
    packages: Packages,
    frames: dict[str, pd.DataFrame],
) -> Guard:
    """Return a function that lets the tables through, with other rows in those named."""

    def guard_with(
        releases: Iterable[dict[str, str]] = (),
        described: Packages = packages,
        covers: frozenset[str] = frozenset(NAMES),
        cleared: Iterable[str] = (),
        **rows: Iterable[Row],
    ) -> GuardedTables:
        changed = {name: build_frame(dictionary[name], rows[name]) for name in rows}
        tables = {"correction": build_frame(dictionary["correction"], []), **frames, **changed}
        computed = {name for name in tables if name.startswith("indicator")}
        computed -= {"indicator_explanation"}
        primary = {name: tables[name] for name in tables if name not in computed}
        hits = find_named_cells(NameScreen(covers), primary, dictionary)
        tables["personal_hit"] = build_frame(dictionary["personal_hit"], hits)
        released = parse_releases(releases, form)
        indicators = plans.indicators
        return gate.guard(
            tables, dictionary, indicators, privacy, released, described, frozenset(cleared)
        )

    return guard_with


def procedures(*texts: str, field: str = "procedure_name") -> list[Row]:
    """Return a row of table ``procedure`` for each text."""
    return [
        PROCEDURE
        | {"row_id": f"p{n}", "procedure_number": f"T1203-{n:03}", "remarks": None, field: text}
        for n, text in enumerate(texts)
    ]
