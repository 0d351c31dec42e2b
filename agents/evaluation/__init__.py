"""Evaluation: paired episodes, metrics with intervals, runs that resume, report pages."""
