"""A CKAN as a public target."""

from sumida_data.portal.ckan.settings import CkanSettings
from sumida_data.portal.ckan.target import CkanTarget

__all__ = ["CkanSettings", "CkanTarget"]
