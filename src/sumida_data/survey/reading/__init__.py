"""From bytes to records: cells, doubts about them, tables found by meaning, text to values."""
