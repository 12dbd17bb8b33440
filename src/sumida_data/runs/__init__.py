"""Runs: what the last one was made of, doing only what has changed since, and a record of each."""
