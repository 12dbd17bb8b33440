"""The kinds of findings, held against the code that makes them."""

from sumida_data.base.metadata import DataDictionary
from sumida_data.survey.findings import SEVERITY_LABELS, FindingRules, Kind
from tests.project import PROJECT


def test_every_kind_has_its_words_and_is_made_somewhere(rules: FindingRules) -> None:
    assert {rule.rule_id for rule in rules.root} == set(Kind)
    code = "".join(path.read_text("utf-8") for path in (PROJECT / "src").rglob("*.py"))
    assert [kind for kind in Kind if f"Kind.{kind.name}" not in code] == []


def test_the_words_of_the_weights_are_those_of_the_description(dictionary: DataDictionary) -> None:
    assert dictionary.words("finding.severity") == SEVERITY_LABELS
