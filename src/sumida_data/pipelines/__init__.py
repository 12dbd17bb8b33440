"""The pipelines: thin nodes over the libraries. No pipeline imports another."""
