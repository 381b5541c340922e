"""Measurements. Each runs by itself: ``python -m bench.upload``."""
