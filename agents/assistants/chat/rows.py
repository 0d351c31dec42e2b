"""Copying one row of a state, a goal or a mind over another, in kernels."""

from __future__ import annotations

from envs.kernels import inlined, kernel


@inlined
def copy_row(source, i, target, j):
    """Row i of an array (n, a) over row j of another."""
    for a in range(source.shape[1]):
        target[j, a] = source[i, a]


@inlined
def copy_table(source, i, target, j):
    """Row i of an array (n, a, b) over row j of another."""
    for a in range(source.shape[1]):
        for b in range(source.shape[2]):
            target[j, a, b] = source[i, a, b]


@kernel
def copy_state(source, i, target, j):
    """Dialogue i of a `State` over dialogue j of another."""
    copy_row(source.wanted, i, target.wanted, j)
    copy_row(source.booked, i, target.booked, j)
    copy_row(source.held, i, target.held, j)
    copy_row(source.accepted, i, target.accepted, j)
    copy_row(source.said, i, target.said, j)
    copy_row(source.stated, i, target.stated, j)
    copy_row(source.denied, i, target.denied, j)
    copy_row(source.criticised, i, target.criticised, j)
    copy_row(source.asked, i, target.asked, j)
    copy_row(source.explained, i, target.explained, j)
    copy_row(source.relaxed, i, target.relaxed, j)
    copy_row(source.mentioned, i, target.mentioned, j)
    copy_row(source.found, i, target.found, j)
    copy_table(source.values, i, target.values, j)
    copy_row(source.price, i, target.price, j)
    copy_row(source.stock, i, target.stock, j)
    copy_row(source.shown, i, target.shown, j)
    copy_row(source.refused, i, target.refused, j)
    copy_row(source.focus, i, target.focus, j)
    target.pending[j] = source.pending[i]
    target.domain[j] = source.domain[i]
    target.speaker[j] = source.speaker[i]
    copy_row(source.last, i, target.last, j)
    target.result[j] = source.result[i]
    target.rating[j] = source.rating[i]
    target.clock[j] = source.clock[i]
    target.turns[j] = source.turns[i]
    target.cost[j] = source.cost[i]
    target.ended[j] = source.ended[i]
    copy_table(source.log, i, target.log, j)


@kernel
def copy_goal(source, i, target, j):
    """Row i of a `Goal` over row j of another."""
    copy_row(source.wanted, i, target.wanted, j)
    copy_row(source.ideal, i, target.ideal, j)
    copy_row(source.second, i, target.second, j)
    copy_row(source.weight, i, target.weight, j)
    copy_row(source.hard, i, target.hard, j)
    copy_row(source.knows, i, target.knows, j)
    target.budget[j] = source.budget[i]
    target.near[j] = source.near[i]
    copy_row(source.drift, i, target.drift, j)
    copy_row(source.persona, i, target.persona, j)
    target.kind[j] = source.kind[i]
    copy_table(source.taste, i, target.taste, j)
    copy_table(source.factor, i, target.factor, j)


@kernel
def copy_mind(source, i, target, j):
    """Row i of a `Mind` over row j of another."""
    copy_row(source.aware, i, target.aware, j)
    target.annoyance[j] = source.annoyance[i]
    target.satisfaction[j] = source.satisfaction[i]
    target.drifted[j] = source.drifted[i]
