"""What the stages call. Knows nothing of Prefect, nor of the order of stages."""
