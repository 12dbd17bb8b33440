"""From bytes to records: cells, questions about them, tables found by meaning, text to values."""
