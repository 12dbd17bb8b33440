"""The second opinion of Great Expectations and frictionless on what is about to be public."""

from sumida_data.pipelines.quality.pipeline import create_pipeline

__all__ = ["create_pipeline"]
