"""Reference pages: what the descriptions say, as pages to read. `make docs` writes them."""
