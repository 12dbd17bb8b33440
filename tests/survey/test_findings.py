"""The kinds of findings, held against the code that makes them."""

from sumida_data.survey.findings import FindingRules
from tests.project import PROJECT


def test_every_kind_is_made_somewhere(rules: FindingRules) -> None:
    code = "".join(path.read_text("utf-8") for path in (PROJECT / "src").rglob("*.py"))
    assert [rule.rule_id for rule in rules.root if f'"{rule.rule_id}"' not in code] == []
