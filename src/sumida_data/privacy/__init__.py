"""The gate between tables and packages: nothing that names or reaches a person passes it."""
