"""The gate before packages are written: what their descriptors promise must be true."""

from collections import defaultdict

from sumida_data.quality.data_package import find_errors


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
