"""From a network's answers to nodes of a search: what to consider, how likely replies are, what steps do.

A leaf is a public state that a network has looked at. Kept with it are the goal's marginals and the legal
actions of the user with their probabilities. Proposed are the no-op, the legal moves and the best edits at
hand, with priors from two sources: the network's own policy, and a softmax of what edits are worth under the
marginals, in which what the greedy assistant would do counts as a sure edit, so that a search of few
simulations is no worse than that. Cells that the user changed last are left alone, as in `pursue`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from envs.building.actions import BREAK, GIVE, KINDS, NOOP, PLACE, Codec, decode, encode
from envs.building.config import BuildingConfig
from envs.building.legal import capacity, legal_list
from envs.building.rules import Rules, apply, restore_palette, similarity
from envs.building.state import State, empty_state, touched_by
from envs.building.world import ASSISTANT, NUM_BLOCKS, USER, start_blocks
from envs.kernels import inlined, kernel

from ..predictors.acts import act_chances
from ..users.scene import Scene, new_scene
from .pursue import edit_values, pursue


class Scales(NamedTuple):
    """Options as numbers."""

    effort: float
    """What a wrong edit costs beside the loss of similarity."""
    greedy_effort: float
    """The same as the greedy assistant sees it, and as priors do."""
    temperature: float
    of_move: float
    of_favourite: float
    policy_share: float


class Scratch(NamedTuple):
    """Memory of the kernels."""

    cells: np.ndarray
    """(2, N) int16."""
    legal: np.ndarray
    """(L,) int32."""
    shares: np.ndarray
    """(L,) float32."""
    worths: np.ndarray
    """(L,) float32."""
    totals: np.ndarray
    """(3, KINDS) float64."""
    values: np.ndarray
    """(N,) float64."""
    wanted: np.ndarray
    """(N,) uint8."""
    action: np.ndarray
    """(3,) int16."""
    stream: np.ndarray
    """(1,) uint64."""
    scene: Scene


class Leaves(NamedTuple):
    """S leaves of G games in worlds of N cells; legal lists have room for L actions."""

    rules: Rules
    codec: Codec
    states: State
    marginals: np.ndarray
    """(S, N, 10) float32 probabilities of the goal's blocks."""
    replies: np.ndarray
    """(S, L) int32 what the user may do, ascending."""
    chances: np.ndarray
    """(S, L) float32 how likely that is."""
    numbers: np.ndarray
    """(S,) int32 how many these are."""
    streams: np.ndarray
    """(G,) uint64 random streams of the greedy assistants at the roots."""
    scales: Scales
    scratch: Scratch


def new_leaves(config: BuildingConfig, rules: Rules, games: int, nodes: int, scales: Scales) -> Leaves:
    """Room for games with so many nodes each."""
    slots, most = games * nodes, capacity(config)
    outside = np.eye(NUM_BLOCKS, dtype=np.float32)[start_blocks(config.size).reshape(-1)]
    return Leaves(
        rules,
        Codec.of(config),
        empty_state(config, slots),
        np.repeat(outside[None], slots, axis=0),
        np.zeros((slots, most), np.int32),
        np.zeros((slots, most), np.float32),
        np.zeros(slots, np.int32),
        np.zeros(games, np.uint64),
        scales,
        new_scratch(config),
    )


def new_scratch(config: BuildingConfig) -> Scratch:
    """Memory for kernels on one world at a time."""
    most = capacity(config)
    return Scratch(
        np.empty((2, config.cells), np.int16),
        np.empty(most, np.int32),
        np.empty(most, np.float32),
        np.empty(most, np.float32),
        np.empty((3, len(KINDS))),
        np.empty(config.cells),
        np.empty(config.cells, np.uint8),
        np.zeros(3, np.int16),
        np.zeros(1, np.uint64),
        new_scene(config.size, 0),
    )


@kernel
def read_answers(leaves, slots, answers, actions, priors, kinds, counts):
    """Take a network's `Answers` about slots (K,); written: candidates (K, M) with priors and kinds, their
    counts (K,), and what leaves keep.
    """
    per_game = leaves.numbers.shape[0] // leaves.streams.shape[0]
    for i in range(slots.shape[0]):
        slot = slots[i]
        _keep_goal(leaves.rules.size, answers.goal[i], leaves.marginals[slot])
        leaves.numbers[slot] = list_chances(
            leaves.rules,
            leaves.codec,
            leaves.states,
            slot,
            np.int64(USER),
            answers.user_kinds[i],
            answers.user_edits[i],
            leaves.scratch,
            leaves.replies[slot],
            leaves.chances[slot],
        )
        # Without a stream of its own, beyond the root, the greedy assistant never strolls while idle.
        root = slot % per_game == 0
        leaves.scratch.stream[0] = leaves.streams[slot // per_game] if root else np.uint64(0)
        counts[i] = _propose(
            leaves, slot, answers.policy_kinds[i], answers.policy_edits[i], actions[i], priors[i], kinds[i]
        )


@kernel
def _keep_goal(size, goal, marginals):
    """Write probabilities (W-2, D-2, H-2, CLASSES) into the box's part of marginals (N, 10)."""
    _, h, d = size
    for x in range(goal.shape[0]):
        for z in range(goal.shape[1]):
            for y in range(goal.shape[2]):
                cell = ((x + 1) * h + y + 1) * d + z + 1
                marginals[cell, 0] = goal[x, z, y, 0]
                for k in range(1, goal.shape[3]):
                    marginals[cell, k + 1] = goal[x, z, y, k]


@kernel
def list_chances(rules, codec, states, row, player, kind_logits, edit_logits, scratch, legal, chances):
    """Write a player's legal actions and their probabilities; returns how many there are."""
    if states.clock[row] % rules.act_every[player]:
        legal[0], chances[0] = 0, 1.0
        return 1
    n = legal_list(rules, codec, states, row, player, scratch.cells[0], scratch.cells[1], legal)
    act_chances(rules.size, codec, kind_logits, edit_logits, legal, n, scratch.totals, chances)
    return n


@kernel
def _propose(leaves, slot, kind_logits, edit_logits, actions, priors, kinds):
    """Candidates (M,) of a leaf with priors and kinds; returns how many."""
    rules, codec, states, scratch, scales = (
        leaves.rules,
        leaves.codec,
        leaves.states,
        leaves.scratch,
        leaves.scales,
    )
    legal, shares, worths = scratch.legal, scratch.shares, scratch.worths
    listed = list_chances(
        rules,
        codec,
        states,
        slot,
        np.int64(ASSISTANT),
        kind_logits,
        edit_logits,
        scratch,
        legal,
        shares,
    )
    total = _weigh(leaves, slot, listed)
    n, room = 0, actions.shape[0] - 6
    for j in range(listed):
        prior = worths[j] / total
        if prior <= 0.0:
            continue
        prior = scales.policy_share * shares[j] + (1.0 - scales.policy_share) * prior
        kind, _, _ = decode(codec, np.int64(legal[j]))
        at = n
        if n >= room and (kind == PLACE or kind == BREAK):
            at = 1  # the no-op comes first and stays
            for k in range(2, n):
                at = k if priors[k] < priors[at] else at
            if priors[at] >= prior:
                continue
        else:
            n += 1
        actions[at], priors[at], kinds[at] = legal[j], prior, kind
    total = 0.0
    for i in range(n):
        total += priors[i]
    for i in range(n):
        priors[i] /= total
    return n


@kernel
def _weigh(leaves, slot, listed):
    """Write into `worths` how good each legal action is for itself, 0 for those not to be considered; returns
    the sum.
    """
    rules, codec, states, scratch, scales = (
        leaves.rules,
        leaves.codec,
        leaves.states,
        leaves.scratch,
        leaves.scales,
    )
    blocks, touched, marginals = states.blocks[slot], states.touched[slot], leaves.marginals[slot]
    edit_values(blocks, touched, marginals, scales.greedy_effort, scratch.values, scratch.wanted)
    pursue(
        rules,
        states,
        slot,
        ASSISTANT,
        scratch.scene,
        scratch.values,
        scratch.wanted,
        scratch.stream,
        np.int64(0),
        scratch.action,
    )
    did = scratch.action
    favourite = encode(codec, np.int64(did[0]), np.int64(did[1]), np.int64(did[2]))
    total = 0.0
    for j in range(listed):
        kind, cell, block = decode(codec, np.int64(scratch.legal[j]))
        if scratch.legal[j] == favourite:
            worth = scales.of_favourite
        elif kind == PLACE or kind == BREAK:
            right = marginals[cell, block] if kind == PLACE else 1.0 - marginals[cell, blocks[cell]]
            value = right - (1.0 + scales.greedy_effort) * (1.0 - right)
            by_user = touched_by(touched[cell]) == 1 + USER
            worth = 0.0 if by_user else math.exp(value / scales.temperature)
        elif kind == NOOP:
            worth = 1.0
        else:
            worth = 0.0 if kind == GIVE else scales.of_move
        scratch.worths[j] = worth
        total += worth
    return total


@kernel
def draw_replies(leaves, slots, uniforms, out):
    """Draw the user's replies (K,) int32 in slots (K,) by numbers (K,) in [0, 1)."""
    for i in range(slots.shape[0]):
        slot, left = slots[i], uniforms[i]
        out[i] = leaves.replies[slot, draw(leaves.chances[slot], leaves.numbers[slot], left)]


@inlined
def draw(chances, count, uniform):
    """The entry of chances (count,) in which a number in [0, 1) falls."""
    left = uniform
    for j in range(count):
        left -= chances[j]
        if left < 0.0:
            return j
    return count - 1  # chances sum to 1 but for rounding


@kernel
def step_leaves(leaves, slots, actions, replies, out, rewards, chances, ends):
    """Play a joint step in slots `out` (K,), which hold copies of the states of `slots` (K,).

    The rewards are the assistant's edits as the beliefs of `slots` value them. Only the horizon ends an
    episode: completion would tell of the goal.
    """
    rules, states = leaves.rules, leaves.states
    for i in range(slots.shape[0]):
        source, row = slots[i], out[i]
        chances[i], rewards[i] = _chance(leaves, source, replies[i]), 0.0
        for turn in range(4):  # gives come first, and the user before the assistant
            player = turn % 2
            kind, cell, block = decode(leaves.codec, replies[i] if player == USER else actions[i])
            if (turn < 2) != (kind == GIVE):
                continue
            if states.clock[row] % rules.act_every[player]:
                kind = NOOP
            done, before = apply(rules, states, row, np.int64(player), kind, cell, block)
            previous = states.previous[row, player]
            previous[0], previous[1], previous[2] = done, cell if done else 0, block if done else 0
            if player == ASSISTANT and (done == PLACE or done == BREAK):
                after = np.int64(states.blocks[row, cell])
                rewards[i] = _expected_gain(
                    rules, leaves.marginals[source, cell], before, after, leaves.scales.effort
                )
        if rules.inventory:
            restore_palette(rules, states.blocks[row])
        states.clock[row] += 1
        ends[i] = states.clock[row] >= rules.horizon


@kernel
def _chance(leaves, slot, reply):
    """Probability of a reply, 0 when it is not legal."""
    low, high = 0, np.int64(leaves.numbers[slot])
    while low < high:
        middle = (low + high) // 2
        if leaves.replies[slot, middle] < reply:
            low = middle + 1
        else:
            high = middle
    found = low < leaves.numbers[slot] and leaves.replies[slot, low] == reply
    return np.float64(leaves.chances[slot, low]) if found else 0.0


@kernel
def _expected_gain(rules, marginals, before, after, effort):
    """The edit's change of similarity, less `effort` where it is for the worse, averaged over (10,)
    marginals.
    """
    total = 0.0
    for block in range(NUM_BLOCKS):
        gain = similarity(rules, after, block) - similarity(rules, before, block)
        if gain < 0.0:
            gain -= effort
        total += gain * marginals[block]
    return total


@kernel
def choose_acts(rules, codec, states, rows, kind_logits, edit_logits, uniforms, scratch, out):
    """Act by a policy alone in worlds `rows` (K,): the likeliest legal action where the number is negative,
    else the one drawn by it. out: (K,) int32 flat actions.
    """
    legal, shares = scratch.legal, scratch.shares
    for i in range(rows.shape[0]):
        n = list_chances(
            rules,
            codec,
            states,
            rows[i],
            np.int64(ASSISTANT),
            kind_logits[i],
            edit_logits[i],
            scratch,
            legal,
            shares,
        )
        chosen = 0
        if uniforms[i] >= 0.0:
            chosen = draw(shares, n, uniforms[i])
        else:
            for j in range(1, n):
                chosen = j if shares[j] > shares[chosen] else chosen
        out[i] = legal[chosen]
