"""Puts the first project into the wheel: `sumida-data new` makes others of it."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_FILES = (
    ".telemetry",
    "conf/logging.yml",
    "conf/ckan/catalog.yml",
    "conf/many/*.yml",
    "conf/base/**/*.yml",
    "docs/*.ja.md",
    "data/01_raw/reference/*.csv",
)


class BuildWithProject(build_py):
    """Copies the files of the project beside the code, but for an editable install."""

    def run(self) -> None:
        """Copy the code, then the project."""
        super().run()
        if self.editable_mode:
            return
        here = Path(__file__).parent
        for path in (path for pattern in _FILES for path in here.glob(pattern)):
            copy = Path(self.build_lib, "sumida_data/project", path.relative_to(here))
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


setup(cmdclass={"build_py": BuildWithProject})
