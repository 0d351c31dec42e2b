"""Every act has words, and a whole dialogue reads as recorded in `golden/chat.txt`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from envs.chat import CONCIERGE, ChatBatch, ChatConfig, draw_catalogues, draw_goals
from envs.chat.acts import ASSISTANT_KINDS, USER_KINDS
from envs.chat.language import say
from envs.chat.wording import TEMPLATES

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "chat.txt"
SCRIPT = (
    "inform(dinner.cuisine, thai, must)",
    "search(dinner)",
    "explain(dinner.pace)",
    "inform(dinner.pace, relaxed, prefer)",
    "ask(dinner.area)",
    "dont_care(dinner.area)",
    "compare(32, 1)",
    "critique(dinner.price, less)",
    "offer(35)",
    "accept(first)",
    "hold(35)",
    "book(35)",
    "thank()",
)


def dialogue() -> str:
    """Acts and sentences of a scripted dialogue; `>` marks tools."""
    rng = np.random.default_rng(9)
    game = ChatBatch(1, ChatConfig(strict=True, items=32))
    goals = draw_goals(CONCIERGE, 1, rng, domains=1)
    goals.wanted[:] = [0, 1, 0]
    catalogue = draw_catalogues(CONCIERGE, 1, 32, rng)
    catalogue.sold_at[:] = 1000
    game.reset(goals, catalogue)
    lines, acts = [], game.acts
    for text in SCRIPT:
        speaker = int(game.state.speaker[0])
        items = np.flatnonzero(game.state.found[0])
        if text.startswith("compare"):
            text = f"compare({items[0]}, {items[1] - 32})"
        elif "35" in text:
            text = text.replace("35", str(items[2]))
        game.step(np.array([acts.flat(acts.parse(speaker, text))]))
        said = say(acts, game.state, 0, speaker, seed=7)
        lines.append(f"{('user', 'assistant')[speaker]}: {text}\n    {said}")
    lines.append(f"utility {game.utility()[0]:.3f}, reward {game.reward[0]:.3f}")
    return "\n".join(lines) + "\n"


def test_a_dialogue_reads_as_recorded() -> None:
    assert dialogue() == GOLDEN.read_text(encoding="utf-8")


def test_every_act_has_words_and_what_is_said_has_several() -> None:
    assert set(TEMPLATES["user"]) == {kind.name for kind in USER_KINDS}
    assert set(TEMPLATES["assistant"]) == {kind.name for kind in ASSISTANT_KINDS}
    for speaker in TEMPLATES.values():
        for options in speaker.values():
            assert len(set(options)) == len(options)
            assert len(options) >= 5 or options[0].startswith("[")
