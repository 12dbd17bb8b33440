"""Seeded sample data in the shape of the real thing; only its published totals are the ward's."""
