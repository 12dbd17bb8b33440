from tests.sample.conftest import departments, facts, returns, sample

__all__ = ["departments", "facts", "returns", "sample"]
