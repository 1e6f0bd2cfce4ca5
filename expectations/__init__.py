"""The data contract: Great Expectations suites as code, by subject."""
