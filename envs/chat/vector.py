"""Many dialogues at once: the core that every other view of the game is made of.

`step` takes one act of whoever's turn it is in each dialogue. After `reset` nothing is random: what users
draw, their ratings included, comes in with their acts. A dialogue that has ended stays as it is until
`reset`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..building import EpisodeOverError, IllegalActionError
from ..kernels import kernel
from . import state as states
from .acts import SPEAKERS, USER, Acts
from .catalogue import Catalogue, empty_catalogue
from .config import REWARD_MODES, ChatConfig
from .goals import SMALLEST_OPTIMUM, commit_value, optimum, utility
from .legal import is_legal, legal_batch
from .persona import VERBOSITY
from .rules import assistant_acts, begin, compile_rules, user_acts
from .satisfaction import RATINGS, awake, feel, hear
from .schema import DOMAINS
from .state import Goal, Latent, State

_FINAL, _DENSE, _POTENTIAL = range(3)


class ChatBatch:
    """B dialogues of the chat game.

    Attributes written by `step`: `reward` (B,) float64. `state` is public; `latent` and `catalogue` are not
    for assistants.
    """

    def __init__(self, batch: int, config: ChatConfig | None = None):
        if batch < 1:
            raise ValueError(f"batch is {batch}; give the number of dialogues, 1 or more")
        self.config = config or ChatConfig()
        self.rules = compile_rules(self.config)
        self.acts = Acts(self.config.schema, self.config.items)
        self.state: State = states.empty_state(self.config, batch)
        self.latent: Latent = states.empty_latent(batch)
        self.catalogue: Catalogue = empty_catalogue(batch, self.config.items)
        self.reward = np.zeros(batch)
        self._mode = REWARD_MODES.index(self.config.reward)
        self._scratch = np.zeros(DOMAINS * self.config.items), np.zeros((2, DOMAINS), np.int16)
        self._certain = np.ones(1)

    def __len__(self) -> int:
        return len(self.reward)

    def reset(self, goals: Goal, catalogues: Catalogue, rows: np.ndarray | None = None) -> None:
        """Start new dialogues with n goals and catalogues in `rows` (n,), by default all. ValueError when
        numbers or shapes differ.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        for name, given in (("goals", goals), ("catalogues", catalogues)):
            if len(given[0]) != len(rows):
                raise ValueError(f"{len(given[0])} {name} for {len(rows)} dialogues; give one each")
        if catalogues.price.shape[1] != DOMAINS * self.config.items:
            room = catalogues.price.shape[1] // DOMAINS
            raise ValueError(
                f"catalogues have room for {room} items; this game has items={self.config.items}"
            )
        states.assign(self.latent.goal, rows, goals)
        states.assign(self.catalogue, rows, catalogues)
        _begin_batch(self.rules, self.catalogue, self.state, self.latent, rows, *self._scratch)
        self.reward[rows] = 0

    @property
    def done(self) -> np.ndarray:
        """(B,) bool: dialogues that have ended."""
        return self.state.ended != states.RUNNING

    @property
    def terminated(self) -> np.ndarray:
        """(B,) bool: ended by what was done."""
        return self.done & ~self.truncated

    @property
    def truncated(self) -> np.ndarray:
        """(B,) bool: ran out of time."""
        return self.state.ended == states.OUT_OF_TIME

    def step(self, acts: np.ndarray, ratings: np.ndarray | None = None) -> None:
        """One flat act (B,) of whoever's turn it is, in every dialogue that has not ended.

        ratings: (B,) 1..5 or 0 for none, to go with acts of users. Raises ValueError for acts and ratings
        that do not exist, IllegalActionError in strict mode, EpisodeOverError when every dialogue has ended.
        """
        if self.done.all():
            raise EpisodeOverError("every dialogue of the batch has ended; call reset before the next step")
        acts = np.asarray(acts, np.int64)
        ratings = np.zeros(len(self), np.int64) if ratings is None else np.asarray(ratings, np.int64)
        if acts.shape != (len(self),) or ratings.shape != (len(self),):
            raise ValueError(f"acts {acts.shape} and ratings {ratings.shape} have to be {(len(self),)}")
        sizes = np.array([codec.size for codec in self.acts.codecs])[self.state.speaker]
        for row in np.flatnonzero(~self.done & ((acts < 0) | (acts >= sizes))):
            raise ValueError(f"acts[{row}] is {acts[row]}; acts there are 0..{sizes[row] - 1}")
        if (wrong := np.flatnonzero((ratings < 0) | (ratings > RATINGS))).size:
            raise ValueError(
                f"ratings[{wrong[0]}] is {ratings[wrong[0]]}; ratings are 1..{RATINGS}, 0 for none"
            )
        if self.config.strict:
            self._refuse_illegal(acts)
        self.step_unchecked(acts, ratings)

    def step_unchecked(self, acts: np.ndarray, ratings: np.ndarray) -> None:
        """`step` without its checks, for int64 arrays that are known to be right."""
        _step_batch(
            self.rules,
            self._mode,
            self.catalogue,
            self.state,
            self.latent,
            acts,
            ratings,
            self.reward,
            *self._scratch,
            self._certain,
        )

    def _refuse_illegal(self, acts: np.ndarray) -> None:
        for row in np.flatnonzero(~self.done):
            speaker = int(self.state.speaker[row])
            if not is_legal(self.rules, self.state, row, speaker, acts[row]):
                raise IllegalActionError(
                    f"acts[{row}] is {acts[row]}, not legal for the {SPEAKERS[speaker]} now;"
                    " take one from legal(), or set strict=False to have it treated as silence"
                )

    def legal(self, speaker: int) -> tuple[np.ndarray, np.ndarray]:
        """Legal flat acts of a speaker (0 user, 1 assistant), ascending: lists (B, acts) int32, counts
        (B,).
        """
        lists = np.empty((len(self), self.acts.codecs[speaker].size), np.int32)
        counts = np.empty(len(self), np.int32)
        legal_batch(self.rules, self.state, speaker, lists, counts)
        return lists, counts

    def utility(self) -> np.ndarray:
        """(B,) float64 utility of what is booked, over the best there was. Not for assistants."""
        found = np.empty(len(self))
        _utilities(self.rules, self.catalogue, self.state, self.latent, found)
        return found

    def clone(self) -> ChatBatch:
        """An independent copy that goes on exactly as this one would."""
        other = ChatBatch(len(self), self.config)
        other.restore(self.snapshot())
        return other

    def _parts(self) -> tuple[np.ndarray, ...]:
        return (*states.arrays((self.state, self.latent, self.catalogue)), self.reward)

    def snapshot(self) -> tuple[np.ndarray, ...]:
        """Everything that `restore` needs, as copies."""
        return tuple(part.copy() for part in self._parts())

    def restore(self, snapshot: tuple[np.ndarray, ...]) -> None:
        """Return to a snapshot of a batch of the same size and configuration."""
        for part, saved in zip(self._parts(), snapshot, strict=True):
            if part.shape != saved.shape:
                raise ValueError(
                    f"the snapshot has an array of shape {saved.shape} for {part.shape}; batch or"
                    " options differ"
                )
            part[:] = saved

    def digest(self, row: int = 0) -> str:
        """Equal exactly when the public states of two dialogues are equal."""
        return states.digest(self.state, row)


@njit(cache=True, nogil=True)
def _begin_batch(rules, catalogue, state, latent, rows, worth, pairs):
    for i in range(rows.shape[0]):
        row = rows[i]
        begin(rules, state, row, latent.goal.wanted[row])
        awake(latent.goal, latent.mind, row)
        _set_optimum(rules, catalogue, latent, row, worth, pairs)
        latent.paid[row] = 0.0


@kernel
def _set_optimum(rules, catalogue, latent, row, worth, pairs):
    values, price, stock = catalogue.values[row], catalogue.price[row], catalogue.sold_at[row]
    latent.optimum[row] = optimum(rules, latent.goal, row, values, price, stock, worth, pairs[0], pairs[1])


@kernel
def _normalised(rules, catalogue, latent, row, items):
    """Utility of items (DOMAINS,) over the optimum."""
    value = utility(rules, latent.goal, row, catalogue.values[row], catalogue.price[row], items)
    return value / max(latent.optimum[row], SMALLEST_OPTIMUM)


@kernel
def _utilities(rules, catalogue, state, latent, out):
    for row in range(out.shape[0]):
        out[row] = _normalised(rules, catalogue, latent, row, state.booked[row])


@kernel
def _step_batch(rules, mode, catalogue, state, latent, acts, ratings, reward, worth, pairs, certain):
    goal, mind = latent.goal, latent.mind
    for row in range(acts.shape[0]):
        reward[row] = 0.0
        if state.ended[row] != 0:
            continue
        if state.speaker[row] == USER:
            user_acts(rules, state, row, acts[row], ratings[row], goal.persona[row, VERBOSITY])
            feel(rules, state, row, goal, mind, row)
        else:
            assistant_acts(rules, catalogue, row, state, row, acts[row])
            if hear(rules, state, row, goal, mind, row):
                _set_optimum(rules, catalogue, latent, row, worth, pairs)
        # What has been earned; what is paid is the difference to what was paid before.
        over = state.ended[row] != 0
        if mode == _DENSE or over:
            earned = _normalised(rules, catalogue, latent, row, state.booked[row]) - state.cost[row]
        elif mode == _POTENTIAL:
            values, price = state.values[row], state.price[row]
            pool, booked = state.shown[row], state.booked[row]
            best = commit_value(rules, goal, row, row + 1, certain, values, price, pool, booked, pairs[0])
            earned = best / max(latent.optimum[row], SMALLEST_OPTIMUM)
        else:
            earned = 0.0
        reward[row] = earned - latent.paid[row]
        latent.paid[row] = earned


__all__ = ["ChatBatch", "EpisodeOverError", "IllegalActionError"]
