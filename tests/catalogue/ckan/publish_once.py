"""Publishes once, in a process that a test kills: settings and catalogue come from a file."""

import pickle
import sys
from pathlib import Path

from sumida_data.catalogue.ckan.target import open_target
from tests.catalogue.ckan.catalogues import publish

if __name__ == "__main__":
    settings, catalogue = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our own
    publish(open_target("record", **settings.model_dump()), catalogue)
