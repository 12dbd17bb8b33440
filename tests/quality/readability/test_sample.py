"""What the sample quarter publishes keeps all thirty national rules."""

import duckdb

from sumida_data.quality.readability import Examiner, list_published


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


def test_a_file_is_held_against_how_it_was_last_published(quarter):
    packages = quarter.data / "05_package"
    name = "staff-training/training.csv"
    folder = packages / "staff-training"
    files = {f"staff-training/{one.name}": one.read_bytes() for one in folder.iterdir()}
    head, _, rows = files[name].partition(b"\n")
    before = files | {name: b"%s,gone_since\n%s" % (head, rows.replace(b"\n", b",1\n"))}
    now = before | {name: files[name].replace(b"\n", b",1\n").replace(b",1\n", b",new\n", 1)}
    broken = {
        (row["file"], row["cell"])
        for row in Examiner().report("published", list_published(files, before))[0]
        if row["rule_id"] == "L3-07" and row["result"] == "failed"
    }
    assert broken == {(name, "A1")}
    added = Examiner().report("published", list_published(now, files))[0]
    assert "failed" not in {row["result"] for row in added if row["rule_id"] == "L3-07"}
