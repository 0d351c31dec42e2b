"""Language models as assistant, user, judge or predictor, behind any OpenAI-compatible address."""
