"""What goes back to the departments, and what the office needs to follow them up."""

from sumida_data.pipelines.returns.pipeline import create_pipeline

__all__ = ["create_pipeline"]
