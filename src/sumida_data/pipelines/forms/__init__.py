"""From the form's description and last quarter's answers to blank forms."""

from sumida_data.pipelines.forms.pipeline import create_pipeline

__all__ = ["create_pipeline"]
