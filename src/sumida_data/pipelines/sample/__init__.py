"""Makes sample data and puts it where returns and central files are received."""

from sumida_data.pipelines.sample.pipeline import create_pipeline

__all__ = ["create_pipeline"]
