"""Evaluation of the chat game: playing, records, metrics, runs and their page."""
