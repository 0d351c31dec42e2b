"""Who plays: models of users, assistants, learned predictors with their training, and people."""
