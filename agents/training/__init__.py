"""How networks are trained by playing: rollouts, replay, updates, and the drivers that run them."""
