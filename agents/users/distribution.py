"""What a builder does next as a distribution over all its legal actions, by the kernel that judges one."""

from __future__ import annotations

from envs.building.actions import NOOP, decode
from envs.kernels import kernel

from .policy import action_prob
from .scene import survey


@kernel
def legal_probs(rules, codec, state, rows, player, tables, scene, goals, outlines, lists, out):
    """Probabilities (n, L) of the flat legal actions `lists` (n, L), -1 for none, in the worlds `rows` (n,)
    of builders with traits (B, 1, NUM_TRAITS), goals and outlines (B, N).
    """
    for i in range(rows.shape[0]):
        row = rows[i]
        waits = state.clock[row] % rules.act_every[player] != 0
        if not waits:
            survey(rules, state, row, player, tables[row], scene)
        for j in range(lists.shape[1]):
            out[i, j] = 0.0
            if lists[i, j] < 0:
                continue
            kind, cell, block = decode(codec, lists[i, j])
            if waits:
                out[i, j] = 1.0 if kind == NOOP else 0.0
            else:
                out[i, j] = action_prob(
                    rules,
                    state,
                    row,
                    player,
                    tables[row],
                    scene,
                    0,
                    goals[row],
                    outlines[row],
                    kind,
                    cell,
                    block,
                )
