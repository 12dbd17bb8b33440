"""The words and names that packages.yml gives to code."""

from pathlib import Path

from sumida_data.catalogue.ckan.site import CkanSettings
from sumida_data.packages.models import FREQUENCIES
from sumida_data.parameters import find_mistakes

FOLDER = Path("conf/base/parameters")


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
