"""Which tables there are follows from the project's form and sources."""

from sumida_data.pipelines.wiring import (
    has_table,
    list_tables,
    name_dataset,
    note_tables,
)


def test_a_city_with_other_sheets_has_other_tables(raw_parameters):
    try:
        note_tables(raw_parameters | {"form": {"sheets": [{}, {"table": "counter"}]}})
        assert list_tables("typed")[0] == "counter"
        assert name_dataset("counter") == "counter#primary"
        assert not has_table("procedure_payment_method")
        assert "procedure_payment_method" not in list_tables("primary")
        assert "initiative_effect_summary" not in list_tables("indicator")
    finally:
        note_tables(raw_parameters)
    assert {"procedure", "mynumber_card"} < set(list_tables("typed"))
    assert "procedure_payment_method" in list_tables("primary")
