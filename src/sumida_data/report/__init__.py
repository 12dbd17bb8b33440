"""The progress report as a page and a workbook, and the summary of a run."""
