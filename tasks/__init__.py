"""The stages, one verb a file: what a stage reads, calls and writes."""
