"""Seeded sample data in the shape of the real thing; only its published totals are the ward's."""

from sumida_data.sample.central import make_external_files
from sumida_data.sample.guard import RealFilesError, refuse_real_files
from sumida_data.sample.models import Sample
from sumida_data.sample.returns import make_returns

__all__ = [
    "RealFilesError",
    "Sample",
    "make_external_files",
    "make_returns",
    "refuse_real_files",
]
