"""A CKAN as a public target."""
