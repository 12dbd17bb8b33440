"""From the catalogue that would be published to what would change, and the preview."""

from sumida_data.pipelines.changes.pipeline import create_pipeline

__all__ = ["create_pipeline"]
