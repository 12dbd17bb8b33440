"""Data packages: what goes out to the public, and the database for analysts."""
