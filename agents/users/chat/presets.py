"""Named personas. Those held out are for evaluation only: nothing is ever fitted or trained on them."""

from __future__ import annotations

from envs.chat import Persona

PRESETS = {
    "easy": Persona(
        rationality=12, noise=0.0, ambiguity=0.0, forgetting=0.0, misreading=0.0, sycophancy=0.0, quit=0.02
    ),
    "realistic": Persona(),
    "terse": Persona(initiative=0.0, curiosity=0.05, rating_rate=0.05, verbosity=0.4),
    "impatient": Persona(patience=12, irritability=2.0, quit=0.2, aspiration=0.6),
    "confused": Persona(rationality=4, noise=0.08, ambiguity=0.5, forgetting=0.25, misreading=0.2),
    "adversarial": Persona(noise=0.1, misreading=0.2, contrariness=0.3, irritability=1.5, rating_bias=-1.0),
}
"""Personas by name."""

HELD_OUT = ("impatient", "confused", "adversarial")
"""Presets that nothing may be fitted to or trained with."""
