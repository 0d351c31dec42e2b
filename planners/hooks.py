"""The five kernels of a model that search calls from compiled code, chosen by the type of the model.

A model's arrays travel as a NamedTuple; its class says which kernels belong to it (`register`). Search is
compiled once per class, calls the kernels directly, and is cached on disk like every other kernel.

    value(model, slot) -> float                       expected return from the slot on
    propose(model, slot, actions, priors, kinds) -> n candidates into buffers (M,)
    reply(model, slot, action, uniform) -> int        draw a reply
    step(model, slot, action, reply, out) -> (reward, chance, ends)
    move(model, source, target)                       copy a slot

What they mean is in `planners.model`. Kernels are compiled with `@kernel`: no allocations, no exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.extending import overload

from envs.kernels import kernel


def value(model, slot):
    """Stands for the model's own kernel; see the module's page."""
    raise NotImplementedError


def propose(model, slot, actions, priors, kinds):
    """Stands for the model's own kernel; see the module's page."""
    raise NotImplementedError


def reply(model, slot, action, uniform):
    """Stands for the model's own kernel; see the module's page."""
    raise NotImplementedError


def step(model, slot, action, reply, out):
    """Stands for the model's own kernel; see the module's page."""
    raise NotImplementedError


def move(model, source, target):
    """Stands for the model's own kernel; see the module's page."""
    raise NotImplementedError


def register(view: type, **kernels: Callable[..., Any]) -> None:
    """Let the five kernels, given by name, stand for the hooks wherever `model` is a NamedTuple `view`."""
    own_value, own_propose, own_reply, own_step, own_move = (
        kernels[name] for name in ("value", "propose", "reply", "step", "move")
    )

    def ours(model: Any) -> bool:
        return getattr(model, "instance_class", None) is view

    @overload(value)
    def _value(model, slot):
        if ours(model):
            return lambda model, slot: own_value(model, slot)

    @overload(propose)
    def _propose(model, slot, actions, priors, kinds):
        if ours(model):
            return lambda model, slot, actions, priors, kinds: own_propose(
                model, slot, actions, priors, kinds
            )

    @overload(reply)
    def _reply(model, slot, action, uniform):
        if ours(model):
            return lambda model, slot, action, uniform: own_reply(model, slot, action, uniform)

    @overload(step)
    def _step(model, slot, action, reply, out):
        if ours(model):
            return lambda model, slot, action, reply, out: own_step(model, slot, action, reply, out)

    @overload(move)
    def _move(model, source, target):
        if ours(model):
            return lambda model, source, target: own_move(model, source, target)


@kernel
def evaluate_slots(model, slots, actions, priors, kinds, counts, values):
    """`propose` and `value` of many slots."""
    for i in range(slots.shape[0]):
        counts[i] = propose(model, slots[i], actions[i], priors[i], kinds[i])
        values[i] = value(model, slots[i])


@kernel
def reply_slots(model, slots, actions, uniforms, out):
    """`reply` of many slots."""
    for i in range(slots.shape[0]):
        out[i] = reply(model, slots[i], actions[i], uniforms[i])


@kernel
def step_slots(model, slots, actions, replies, out, rewards, chances, ends):
    """`step` of many slots."""
    for i in range(slots.shape[0]):
        rewards[i], chances[i], ends[i] = step(model, slots[i], actions[i], replies[i], out[i])


@kernel
def move_slots(model, sources, targets):
    """`move` of many slots."""
    for i in range(sources.shape[0]):
        move(model, sources[i], targets[i])
