"""The words and names that packages.yml gives to code."""

from pathlib import Path

import pytest

from sumida_data.catalogue.ckan.site import CkanSettings
from sumida_data.packages.models import FREQUENCIES, PackageError, Packages
from sumida_data.parameters import find_mistakes

FOLDER = Path("conf/base/parameters")
VALUES = "dx-indicators/indicator_value.csv"
RENAMED = "dx-figures"


class TestUpdateFrequency:
    def test_a_word_that_no_catalogue_knows_is_refused_in_one_line(self, raw_parameters):
        changed = raw_parameters | {
            "packages": raw_parameters["packages"] | {"update_frequency": "毎月"}
        }
        [line] = find_mistakes(changed, FOLDER)
        assert line.endswith(
            "packages.yml: packages.update_frequency = '毎月' — "
            "使えるのは 日次、週次、月次、四半期、半年、年次、随時 です。"
        )

    def test_ckan_takes_every_word(self):
        assert CkanSettings().update_frequencies == tuple(FREQUENCIES)


class TestIndicators:
    @pytest.fixture
    def renamed(self, packages):
        """The packages with another name for the one that holds the indicators."""

        def rename(**changes):
            described = packages.model_dump()
            described["packages"][0].update({"name": RENAMED} | changes)
            return described

        return rename

    def test_the_last_publication_is_found_by_its_role(self, packages, renamed):
        paths = [VALUES, "online-procedures/procedure.csv"]
        assert packages.find_published("indicator_value", paths) == VALUES
        changed = Packages.model_validate(renamed())
        path = f"{RENAMED}/indicator_value.csv"
        assert changed.find_published("indicator_value", [path]) == path

    def test_before_the_first_publication_there_is_none(self, packages):
        paths = ["online-procedures/procedure.csv"]
        assert packages.find_published("indicator_value", paths) is None

    @pytest.mark.parametrize("changes", [{}, {"name": "dx-indicators", "role": None}])
    def test_what_was_published_under_another_name_is_an_error(self, renamed, changes):
        changed = Packages.model_validate(renamed(**changes))
        with pytest.raises(PackageError, match="公開した dx-indicators に指標の値がありますが"):
            changed.find_published("indicator_value", [VALUES])

    def test_the_package_that_it_replaces_is_compared_with(self, renamed):
        gone = {
            "name": "dx-indicators",
            "title": "指標",
            "withdrawn_on": "2023-04-01",
            "reason": "名前を改めたため。",
            "replacement": RENAMED,
        }
        changed = Packages.model_validate(renamed() | {"withdrawn": [gone]})
        assert changed.find_published("indicator_value", [VALUES]) == VALUES

    def test_only_one_package_has_the_role(self, packages):
        described = packages.model_dump()
        described["packages"][1]["role"] = "indicators"
        with pytest.raises(ValueError, match="dx-indicators、online-procedures にあります"):
            Packages.model_validate(described)
