"""From department spreadsheets to a city's trusted public figures."""

__version__ = "1.0.0"
