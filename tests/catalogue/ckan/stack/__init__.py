"""A real CKAN on this machine, from PyPI packages alone, for rehearsals and for the tests.

CKAN, PostgreSQL, the DataStore and the file store are the real ones, unpatched, in an environment
of their own under ``.ckan/``. Only the search engine, which no package index offers, is a stand-in
(``search_engine.py``). Everything listens on 127.0.0.1 only.
"""
