"""Users of the chat game: presets, and the model that draws replies and computes their likelihood."""

from .presets import HELD_OUT, PRESETS
from .user import ChatUser

__all__ = ["HELD_OUT", "PRESETS", "ChatUser"]
