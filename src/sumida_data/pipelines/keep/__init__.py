"""What was read from the returns of a quarter, kept so that the returns can be discarded."""

from sumida_data.pipelines.keep.pipeline import create_pipeline

__all__ = ["create_pipeline"]
