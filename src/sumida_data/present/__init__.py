"""Words, amounts and charts for people."""
