"""Nodes of the forms pipeline."""

from typing import Any

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.periods import Period
from sumida_data.plan.models import ReportedPeriod
from sumida_data.survey.blank_form import (
    Inquiry,
    find_last_answers,
    inherit_answers,
    write_blank_form,
)
from sumida_data.survey.departments import (
    list_existing,
    parse_departments,
    parse_successions,
    refuse_unknown_codes,
)
from sumida_data.survey.form import Form, Waves


class UnknownWaveError(ValueError):
    """A form was asked for in a quarter that has no inquiry."""


def write_forms(  # one argument for each thing that decides what is asked
    form: Form,
    waves: Waves,
    period: ReportedPeriod,
    departments: pd.DataFrame,
    successions: pd.DataFrame,
    answer: pd.DataFrame | None,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Write a form for each department asked.

    Args:
        form: The form.
        waves: The inquiries.
        period: The quarter; ``latest`` is the latest inquiry.
        departments: The register of departments.
        successions: Which department took over whose work.
        answer: Table ``answer`` of earlier runs; None before the first.

    Returns:
        Workbooks by path below the folder of forms; what was made and what to do next, as plain
        data.

    Raises:
        UnknownWaveError: If there is no inquiry in that quarter.
        ReferenceTableError: If a register has a mistake, or an inquiry an unknown department.
    """
    name = max(waves.root) if period.root == "latest" else period.root
    if name not in waves.root:
        raise UnknownWaveError(
            f"--params=period={name}: この期間の照会の設定がありません。"
            f"waves.yml にあるのは {'、'.join(sorted(waves.root))} です。"
        )
    stocks = [part.table for part in form.answer_sheets if part.kind == "stock"]
    known = [] if answer is None else read_rows(answer[answer["table_name"].isin(stocks)])
    sample = any(row["sample"] for row in known)
    inquiry = Inquiry(form, Period.parse(name), waves.root[name], sample)
    last = find_last_answers(known, name)
    registered = parse_departments(read_rows(departments))
    refuse_unknown_codes(waves, registered)
    changes = parse_successions(read_rows(successions), registered)
    last_day = inquiry.period.last_day
    existing = list_existing(registered, last_day)
    asked = [one for code, one in existing.items() if inquiry.wave.asks(code)]
    forms = {
        f"{name}/{one.code}_{one.section}_調査票.xlsx": write_blank_form(
            inquiry, one, inherit_answers(last, one.code, changes, last_day)
        )
        for one in asked
    }
    return forms, {"lines": _summarise(inquiry.period, len(forms)), "exit_code": 0}


def _summarise(period: Period, count: int) -> list[str]:
    return [
        f"{period.title}の調査票を{count}課分、data/08_reporting/forms/{period}/ に作りました。",
        f"次にすること：各課に送り、届いた調査票を data/01_raw/survey/{period}/ に入れて、"
        "kedro run を実行してください。",
    ]
