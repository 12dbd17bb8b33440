from tests.sample.conftest import departments, returns, sample

__all__ = ["departments", "returns", "sample"]
