"""The rule table as the project has it."""

import pytest

from sumida_data.quality.rules import QualityRules, TableRule, list_rules


@pytest.fixture(scope="session")
def quality_rules(raw_parameters) -> QualityRules:
    return QualityRules.model_validate(raw_parameters["quality_rules"])


@pytest.fixture(scope="session")
def all_rules(quality_rules, dictionary) -> list[TableRule]:
    return list_rules(quality_rules, dictionary)
