"""Catalogues: the preview that every run writes."""
