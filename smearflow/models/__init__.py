"""Backbones, augmentation, features, and the process that trains."""
