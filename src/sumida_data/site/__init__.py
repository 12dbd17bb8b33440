"""The public site: pages for residents, built from nothing but what is published."""
