"""The progress report and the summary of the run."""

from sumida_data.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
