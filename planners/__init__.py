"""Search: the model protocol, beliefs, and planners that know neither goals nor networks."""
