"""From typed tables to indicator values, lineage and progress."""

from sumida_data.pipelines.indicators.pipeline import create_pipeline

__all__ = ["create_pipeline"]
