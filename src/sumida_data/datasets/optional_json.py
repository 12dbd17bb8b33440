"""A JSON file of an earlier run, which need not have been."""

from typing import Any

from kedro_datasets.json import JSONDataset


class OptionalJSONDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Reads a JSON file as Kedro's own dataset does, and None where there is no file yet.

    Examples:
        Using the YAML API:

        ```yaml
        publication_proposal:
          type: sumida_data.datasets.OptionalJSONDataset
          filepath: data/06_catalog/changes.json
        ```
    """

    def load(self) -> Any:
        """Return the content, or None if there is none."""
        return super().load() if self.exists() else None
