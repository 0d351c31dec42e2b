"""Predictors on real dialogues: satisfaction as people rated it, and what speakers do next."""
