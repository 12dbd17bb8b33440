"""The names that Kedro wants beforehand, held against the descriptions."""

from sumida_data.pipelines.wiring import TYPED_TABLES
from sumida_data.survey.form import CentralSources, Form


def test_every_sheet_and_every_source_has_a_typed_table(
    form: Form, sources: CentralSources
) -> None:
    described = {part.table for part in (*form.answer_sheets, *sources.root)}
    assert described - set(TYPED_TABLES) == set(), "to be added to TYPED_TABLES"
    assert set(TYPED_TABLES) - described == set(), "to be taken out of TYPED_TABLES"
