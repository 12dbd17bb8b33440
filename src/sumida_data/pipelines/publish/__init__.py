"""From the approved preview to the public target."""

from sumida_data.pipelines.publish.pipeline import create_pipeline

__all__ = ["create_pipeline"]
