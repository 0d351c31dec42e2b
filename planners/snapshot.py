"""A search tree as a record that people and files can keep: what was tried, what was answered, what it gave.

`snapshot` reads one game's tree after `Search.run` into plain dicts and lists, ready for JSON. It shows what
search knows and no more: public states, beliefs and statistics. The hidden goal is in none of them.

    tree        schema, title, game, options, seed, simulations, nodes, depth, least_visits, value, action,
                name, root
    node        state, belief, ended, visits, evaluation, value, candidates, rest
    candidate   action, name, kind, rank, prior, policy, visits, value, outcomes, replies
    reply       reply, name, probability, reward, count, exact, node

| entry | means |
|---|---|
| tree: nodes | of the whole tree; the record may hold fewer |
| tree: value, action | what the root is worth, and what to do, as in `Results` |
| node: belief | pairs of label and probability, None if the model does not tell |
| node: evaluation | the model's own estimate |
| node: value | the mean of that and all returns, or what `backup="best"` makes of them |
| node: candidates | those with an edge, in the order of opening; at the root then the others, by prior |
| node: rest | number, summed prior and summed policy of the candidates that are not listed |
| candidate: value | None without visits |
| candidate: policy | improved policy (gumbel) or share of visits (puct; None in a node without any) |
| candidate: outcomes, replies | number of different replies met; those in the record |
| reply: probability | under the node's belief, given the action |
| reply: count, exact | simulations that met it, and whether that is sure |

Counts are estimates where search keeps none: for several replies to one action that end the episode, and for
simulations that meet in one wave. These share by probability what is left of the edge's visits.

A model may have two methods more than search needs, `beliefs(slots) -> [[(label, probability), ...], ...]`
for slots (K,) and `state_name(slot) -> str`; the record has what they say. The probabilities sum to 1 if the
labels exclude each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from envs.tabular import TabularGame

from . import root as root_rules
from . import tree
from .options import Settings
from .search import Results, Search, read_games

SCHEMA = 1
"""Version of the record."""


class Names(NamedTuple):
    """How to print the integers that search knows actions and replies by."""

    action: Callable[[int], str] = str
    reply: Callable[[int], str] = str


def tabular_names(game: TabularGame) -> Names:
    """Names for a `TabularModel`; replies are the user's actions, chance shows in the next state."""
    outcomes = game.chances.shape[3]
    return Names(
        lambda action: game.assistant_actions[action],
        lambda reply: game.user_actions[reply // outcomes],
    )


def snapshot(
    search: Search,
    game: int = 0,
    names: Names | None = None,
    depth: int = 4,
    least_visits: int = 1,
    title: str = "",
) -> dict[str, Any]:
    """One game's tree as it is after `search.run` and before `search.advance`; see the module's page.

    depth: most actions from the root to a node. least_visits: edges and replies that fewer simulations passed
    are left out. title: what to call the decision. ValueError when the game has no finished search.
    """
    for name, value, least in (("depth", depth, 0), ("least_visits", least_visits, 1)):
        if value < least:
            raise ValueError(f"{name} is {value}; give {least} or more")
    if not 0 <= game < search.games:
        raise ValueError(f"game is {game}; this search has games 0..{search.games - 1}")
    forest, settings = search.forest, search.options.settings()
    record = forest.games[game]
    if record["spent"] == 0 or record["error"] != tree.FINE:
        raise ValueError(f"game {game} has no finished search; call search.run with it active first")
    results = Results.empty(search.games, search.candidates)
    read_games(forest, settings, search.nodes, np.array([game]), *results)
    reader = _Reader(search, settings, game, names or Names(), least_visits)
    action = int(results.actions[game])
    return {
        "schema": SCHEMA,
        "title": title,
        "game": game,
        "options": asdict(search.options),
        "seed": int(record["seed"]),
        "simulations": int(record["spent"]),
        "nodes": int(record["nodes"]),
        "depth": depth,
        "least_visits": least_visits,
        "value": float(results.values[game]),
        "action": action,
        "name": reader.names.action(action),
        "root": reader.node(game * search.nodes, depth, whole=True),
    }


@dataclass(frozen=True)
class _Reader:
    search: Search
    settings: Settings
    game: int
    names: Names
    least_visits: int

    def node(self, slot: int, depth: int, whole: bool = False) -> dict[str, Any]:
        """A node and `depth` levels below it; `whole` with the candidates that have no edge."""
        forest, model = self.search.forest, self.search.model
        row = forest.nodes[slot]
        beliefs, state_name = getattr(model, "beliefs", None), getattr(model, "state_name", None)
        known = beliefs(np.array([slot]))[0] if beliefs else None
        ended = bool(row["state"] == tree.ENDED)
        worth = row["best"] if self.settings.best else (row["value"] + row["total"]) / row["visits"]
        candidates, rest = self._candidates(slot, depth, whole)
        return {
            "state": str(state_name(slot)) if state_name else None,
            "belief": known if known is None else [[str(label), float(p)] for label, p in known],
            "ended": ended,
            "visits": int(row["visits"]),
            "evaluation": float(row["value"]),
            "value": 0.0 if ended else float(worth),
            "candidates": candidates,
            "rest": rest,
        }

    def _candidates(self, slot: int, depth: int, whole: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A node's candidates as records, and what those left out amount to."""
        forest = self.search.forest
        count, opened = int(forest.nodes["count"][slot]), int(forest.nodes["opened"][slot])
        visits = np.zeros(self.search.candidates, np.int32)
        values, policy = np.zeros(len(visits)), np.zeros(len(visits))
        if count:
            root_rules.read_root(forest, self.settings, self.game, slot, visits, values, policy)
        actions, priors = forest.actions[slot], forest.priors[slot].astype(float)
        edges = self._chain(forest.edges, int(forest.nodes["first"][slot]))
        unopened = sorted(range(opened, count), key=lambda i: (-priors[i], actions[i]))
        listed = [*range(opened), *(unopened if whole else [])]
        left = [] if whole else unopened
        records = [
            {
                "action": int(actions[i]),
                "name": self.names.action(int(actions[i])),
                "kind": int(forest.kinds[slot, i]),
                "rank": rank,
                "prior": float(priors[i]),
                "policy": _finite(policy[i]),
                "visits": int(visits[i]),
                "value": _finite(values[i]),
                "outcomes": int(forest.edges["outcomes"][edges[i]]) if i < opened else 0,
                "replies": self._replies(edges[i], depth) if i < opened and depth > 0 else [],
            }
            for rank, i in enumerate(listed, 1)
        ]
        rest = {
            "count": len(left),
            "prior": float(priors[left].sum()),
            "policy": _finite(policy[left].sum()),
        }
        return records, rest

    def _replies(self, edge: int, depth: int) -> list[dict[str, Any]]:
        """What followed an edge, the most frequent first."""
        forest = self.search.forest
        if forest.edges["visits"][edge] < self.least_visits:
            return []
        below = self._chain(forest.nodes, int(forest.edges["first"][edge]))
        rows = forest.nodes[below]
        counts, exact = self._counts(int(forest.edges["visits"][edge]), rows)
        records = [
            {
                "reply": int(row["reply"]),
                "name": self.names.reply(int(row["reply"])),
                "probability": float(row["chance"]),
                "reward": float(row["reward"]),
                "count": int(count),
                "exact": bool(sure),
                "node": self.node(slot, depth - 1),
            }
            for slot, row, count, sure in zip(below, rows, counts, exact, strict=True)
            if count >= self.least_visits
        ]
        return sorted(records, key=lambda record: -record["count"])

    def _counts(self, visits: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) int and (n,) bool: simulations that met each of an edge's replies, and whether that is sure.

        A node counts its simulations from its second on, which is all of them unless it ended the episode.
        """
        counts = rows["visits"].astype(np.int64)
        left, ended = visits - int(counts.sum()), rows["state"] == tree.ENDED
        sharing = np.flatnonzero(ended) if ended.any() else np.arange(len(rows))
        counts[sharing] += _shares(left, rows["chance"][sharing])
        apart = self.search.options.wave == 1 and (~ended | (ended.sum() == 1))
        return counts, apart | np.full(len(rows), left == 0 or len(rows) == 1)

    @staticmethod
    def _chain(records: np.ndarray, first: int) -> list[int]:
        """Numbers of the records that follow each other as siblings."""
        found = []
        while first >= 0:
            found.append(first)
            first = int(records["sibling"][first])
        return found


def _shares(total: int, weights: np.ndarray) -> np.ndarray:
    """(n,) integers that sum to `total`, as near to the proportions of weights (n,) as can be."""
    weights = weights if weights.sum() > 0 else np.ones(len(weights))
    wanted = total * weights / weights.sum()
    shares = np.floor(wanted).astype(np.int64)
    largest = np.argsort(shares - wanted, kind="stable")
    shares[largest[: total - int(shares.sum())]] += 1
    return shares


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
