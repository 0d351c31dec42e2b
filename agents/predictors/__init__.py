"""What networks know: encodings of public states, torsos, heads, losses, and the loops that train them.

Modules with networks import torch, which the extra `learn` installs; the others need the core alone.
"""
