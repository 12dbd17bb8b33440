"""Catalogues: the preview of every run, its approval, public targets and their record."""
