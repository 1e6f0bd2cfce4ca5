"""Watching the champion: its reference, the batches that come in, how they differ, and the history of all checks."""
