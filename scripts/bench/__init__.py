"""Measurements of speed: ``python -m scripts.bench NAME``, one module each."""
