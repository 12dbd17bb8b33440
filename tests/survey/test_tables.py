"""Cells that hold several values become rows of one value."""

import pytest

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.survey.tables import split_payment_methods


@pytest.mark.parametrize(
    ("cell", "methods"),
    [
        ("クレジットカード", ["クレジットカード"]),
        ("電子マネー、コード決済", ["コード決済", "電子マネー"]),
        ("電子マネー コード決済", ["コード決済", "電子マネー"]),
        ("電子マネー\nコード決済／現金", ["コード決済", "現金", "電子マネー"]),
        ("コード決済、コード決済、", ["コード決済"]),
        ("　コード決済", ["コード決済"]),
        ("クレジット・デビットカード", ["クレジット・デビットカード"]),
        ("au PAY、LINE Pay、クレジットカード", ["LINE Pay", "au PAY", "クレジットカード"]),
        ("PayPay クレジットカード LINE Pay", ["LINE Pay", "PayPay", "クレジットカード"]),
        ("、", []),
        (None, []),
    ],
)
def test_each_payment_method_has_a_row(dictionary, cell, methods):
    procedure = {"row_id": "p1", "procedure_number": "T1", "payment_methods": cell}
    rows = read_rows(
        split_payment_methods(
            build_frame(dictionary["procedure"], [procedure]),
            dictionary["procedure_payment_method"],
        )
    )
    assert [row["payment_method"] for row in rows] == methods
    # What is written there may be anything, and ids are seen by everybody.
    assert not [row for row in rows if row["payment_method"] in row["row_id"]]
    assert len({row["row_id"] for row in rows}) == len(methods)
    assert {row["procedure_row_id"] for row in rows} <= {"p1"}
