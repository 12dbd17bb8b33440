"""From received files to answers, findings and typed tables."""

from sumida_data.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
