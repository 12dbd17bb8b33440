"""Checks that built packages keep what they promise."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from frictionless import Error, validate
from frictionless.errors import RowError


class InvalidPackageError(ValueError):
    """A package breaks its own promises; the message names each file and row."""


class PackagesValidator:
    """Refuses packages that break their promises; for the ``validator:`` of a Kedro catalogue."""

    def validate(self, data: dict[str, bytes]) -> dict[str, bytes]:
        """Return the packages as they are.

        Raises:
            InvalidPackageError: If one is not valid.
        """
        packages: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        for path, content in data.items():
            name, _, file = path.partition("/")
            packages[name][file] = content
        errors = [f"{name}/{error}" for name in packages for error in find_errors(packages[name])]
        if errors:
            raise InvalidPackageError("公開できないパッケージがあります。\n" + "\n".join(errors))
        return data


def find_errors(files: Mapping[str, bytes]) -> list[str]:
    """Check a package with frictionless: descriptor, sizes, hashes, and every row of CSV.

    Args:
        files: The package: contents by path.

    Returns:
        One line per error, beginning with the file; nothing for a valid package.
    """
    with TemporaryDirectory() as folder:
        for path, content in files.items():
            (Path(folder) / path).write_bytes(content)
        report = validate(str(Path(folder) / "datapackage.json"), type="package")
    places = [("datapackage.json", error) for error in report.errors]
    places += [(task.place, error) for task in report.tasks for error in task.errors]
    return [f"{place}: {_name_row(error)}{error.message}" for place, error in places]


def _name_row(error: Error) -> str:
    return f"{error.row_number}行目: " if isinstance(error, RowError) else ""
