"""The checks of all tables, and their results as tables."""

from sumida_data.pipelines.checks.pipeline import create_pipeline

__all__ = ["create_pipeline"]
