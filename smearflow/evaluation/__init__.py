"""Figures with intervals, and the verdict over a candidate."""
