"""Processes that run beside a job."""
