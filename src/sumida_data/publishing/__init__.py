"""Commands around a publication: approving it, reading it back, taking it back."""
