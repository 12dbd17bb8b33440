import pytest
import sqlglot

from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.models import Indicator, Plan


def versions(plan: Plan) -> list[Indicator]:
    return [version for one in plan.indicators for version in one.versions]


def test_every_query_can_be_written_for_spark_without_loss(plan: Plan) -> None:
    for indicator in versions(plan):
        tree = sqlglot.parse_one(indicator.query, read="duckdb")
        spark = tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        assert sqlglot.parse_one(spark, read="spark") == tree, indicator.indicator_id


def test_the_comparison_notices_a_loss() -> None:
    tree = sqlglot.parse_one(
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", read="duckdb"
    )
    assert sqlglot.parse_one(tree.sql(dialect="spark"), read="spark") != tree


@pytest.mark.parametrize("part", ["numerator_fields", "denominator_fields"])
def test_every_field_named_is_in_the_table(
    plan: Plan, dictionary: DataDictionary, part: str
) -> None:
    for indicator in versions(plan):
        assert set(getattr(indicator, part)) <= set(dictionary[indicator.table].column_names)
