"""From tables to the analysts' database, the data packages and the preview catalogue."""

from sumida_data.pipelines.packages.pipeline import create_pipeline

__all__ = ["create_pipeline"]
