"""The views and macros of views.yml, on the sample quarter."""

import duckdb
import pytest

from sumida_data.base.frames import arrow_type
from sumida_data.packages.models import View, Views, describe_views
from sumida_data.survey.tables import SQL_TYPES


@pytest.fixture(scope="module")
def views(raw_parameters):
    return Views.model_validate(raw_parameters["views"])


@pytest.fixture(scope="module")
def connection(quarter):
    with duckdb.connect(quarter.data / "sumida.duckdb", read_only=True) as connection:
        yield connection


def test_a_column_without_description_is_told(dictionary):
    view = View(
        name="v",
        title="列",
        title_en="Column",
        description="",
        tables=("answer",),
        fields=("nobody_knows",),
        query="SELECT 1",
    )
    with pytest.raises(KeyError, match="nobody_knows"):
        list(describe_views(Views(views=(view,), macros=()), dictionary))


def test_every_view_has_the_columns_and_types_described(views, dictionary, connection):
    for table in describe_views(views, dictionary):
        found = connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [table.name]
        ).fetchall()
        described = [(f.name, SQL_TYPES[f.type].replace(" ", "")) for f in table.fields]
        assert [(name, kind) for name, kind in found] == described, table.name
        assert all(arrow_type(field) for field in table.fields)


def test_every_view_and_macro_is_explained(views, connection):
    stored = dict(
        connection.execute(
            "SELECT view_name, comment FROM duckdb_views() "
            "WHERE NOT internal AND schema_name = 'main'"
        ).fetchall()
    )
    assert stored == {v.name: f"{v.title}：{v.description}" for v in views.views}
    macros = dict(
        connection.execute(
            "SELECT function_name, comment FROM duckdb_functions() "
            "WHERE NOT internal AND function_type = 'table_macro'"
        ).fetchall()
    )
    assert set(macros) == {macro.name for macro in views.macros}
    assert all("例：FROM" in comment for comment in macros.values())


def test_tables_answer_by_their_use_and_by_their_plain_name(views, connection):
    for schema, names in views.schemas.items():
        for name in names:
            counts = connection.execute(
                f'SELECT (SELECT count(*) FROM "{schema}"."{name}"), (SELECT count(*) FROM "{name}")'
            ).fetchall()
            assert len(set(counts[0])) == 1, name


def test_a_column_is_found_by_several_words(connection):
    found = connection.execute("SELECT column_name FROM find_column('電子決裁　件数')").fetchall()
    assert ("electronic_approvals",) in found
    assert len(found) < len(connection.execute("FROM find_column('件数')").fetchall())


def test_the_example_of_every_macro_runs(views, connection):
    # Nothing has been published in the sample quarter.
    empty = {"indicator_value_as_published"}
    for macro in views.macros:
        rows = connection.execute(macro.example).fetchall()
        assert bool(rows) is (macro.name not in empty), macro.name


def test_current_values_are_those_of_the_deck(connection, plans):
    values = dict(
        connection.execute("SELECT indicator_id, value::VARCHAR FROM current_value").fetchall()
    )
    assert set(values) == {one.indicator_id for one in plans.indicators}
    assert values["mynumber_card_rate"] == "59.3000"
    assert values["standardized_systems"] is None


def test_every_indicator_stands_against_its_target(connection, plans):
    verdicts = dict(
        connection.execute("SELECT indicator_id, verdict FROM progress_against_target").fetchall()
    )
    assert set(verdicts) == {one.indicator_id for one in plans.indicators}
    assert verdicts["standardized_systems"] == "cannot_say"
    assert verdicts["electronic_approval_rate"] == "behind"


def test_divisions_add_up_to_the_procedures_listed(connection):
    [(listed, cases)] = connection.execute(
        "SELECT count(*), sum(annual_cases) FROM procedure_not_online"
    ).fetchall()
    [(added, added_cases)] = connection.execute(
        "SELECT sum(procedures), sum(annual_cases) FROM procedure_not_online_by_division"
    ).fetchall()
    assert (listed, cases) == (added, added_cases)
    assert listed > 0


def test_no_department_is_lost_from_the_response_history(connection):
    [(asked, answered)] = connection.execute(
        "SELECT sum(departments_asked), sum(departments_answered) FROM response_history "
        "WHERE period = 'FY2022Q3'"
    ).fetchall()
    assert (asked, answered) == (75, 69)


def test_every_reason_of_an_empty_cell_has_its_english(dictionary):
    told = [(one, table) for table in dictionary.tables for one in table.fields if one.say_empty()]
    assert len(told) > 50
    assert [(table.name, one.name) for one, table in told if not one.say_empty("en")] == []
