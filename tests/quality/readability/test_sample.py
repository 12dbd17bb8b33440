"""What the sample quarter publishes keeps all thirty national rules."""

import duckdb


def test_no_published_file_breaks_a_rule(quarter):
    with duckdb.connect(quarter.data / "sumida.duckdb", read_only=True) as connection:
        checked = connection.execute(
            "SELECT count(DISTINCT rule_id), count(DISTINCT file) FROM readability_check "
            "WHERE direction = 'published'"
        ).fetchall()
        broken = connection.execute(
            "SELECT rule_id, file, cell FROM readability_check "
            "WHERE direction = 'published' AND result = 'failed'"
        ).fetchall()
    assert checked[0][0] == 30
    assert checked[0][1] > 60
    assert broken == []
