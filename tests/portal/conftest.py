"""The packages that a catalogue shows."""

from tests.opendata.conftest import build, build_packages_of, built, frames, packages

__all__ = ["build", "build_packages_of", "built", "frames", "packages"]
