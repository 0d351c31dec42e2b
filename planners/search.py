"""Belief MCTS over many games at once, on any model of the protocol in `planners.model`.

    search = Search(model, games=16, options=SearchOptions(simulations=100))
    results = search.run(seeds)              # one decision in every game
    search.advance(game, action, reply)      # keep the subtree of what happened (option reuse)

Models made of kernels are searched without coming back to Python, and their games are shared out among
`workers` threads; equal seeds give equal results whatever their number. All other models are asked in
batches: all games' simulations go down until they need something, then the model answers for all at once.
What the search does is written down in `planners.reference`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from envs.kernels import kernel

from . import hooks, selection, tree
from . import root as root_rules
from .model import KernelModel, SearchModel
from .options import SearchOptions

TIME_CHECK = 16
"""Simulations per game between two looks at the clock."""

_WRONG = {
    tree.EMPTY: "proposes no action, or more than fit; propose 1..{candidates}",
    tree.BAD_PRIORS: "gives priors that are negative, not a number, or do not sum to 1; normalise them",
    tree.BAD_VALUE: "gives a value that is not finite; give the expected discounted return",
    tree.BAD_STEP: "gives a reward or a chance that is not a finite number, or a negative chance",
}


class Results(NamedTuple):
    """One decision in each of G games with at most M candidates; games that were not searched have action
    -1 and counts 0.
    """

    actions: np.ndarray
    """(G,) int32 what to do."""
    values: np.ndarray
    """(G,) float64 what the root is worth: the mean return of the simulations, or its best edge's value."""
    simulations: np.ndarray
    """(G,) int32."""
    counts: np.ndarray
    """(G,) int32 number of candidates of the root; below, entries from it on mean nothing."""
    candidates: np.ndarray
    """(G, M) int32 actions."""
    priors: np.ndarray
    """(G, M) float32."""
    visits: np.ndarray
    """(G, M) int32."""
    q: np.ndarray
    """(G, M) float64 values of the edges, nan without visits."""
    policy: np.ndarray
    """(G, M) float64 visit shares (puct) or the improved policy (gumbel), a training target."""

    @classmethod
    def empty(cls, games: int, candidates: int) -> Results:
        """Results without a searched game."""
        shape = (games, candidates)
        return cls(
            np.full(games, -1, np.int32),
            np.zeros(games),
            np.zeros(games, np.int32),
            np.zeros(games, np.int32),
            np.zeros(shape, np.int32),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.int32),
            np.full(shape, np.nan),
            np.zeros(shape),
        )


class SearchError(ValueError):
    """A model's answers were no good in some games, or it raised. `failures` says by game what was wrong, or
    holds what was raised; `results` has the other games' decisions.
    """

    def __init__(self, failures: dict[int, str | Exception], results: Results):
        self.failures, self.results = failures, results
        game, failure = next(iter(failures.items()))
        more = f"; {len(failures) - 1} more games failed" if len(failures) > 1 else ""
        if isinstance(failure, Exception):
            self.__cause__ = failure
            failure = f"the model raised {type(failure).__name__}: {failure}"
        super().__init__(f"game {game}: {failure}{more}; the other games are in `results`")


class Search:
    """Trees of G games on one model. The model's roots are set before `run`."""

    def __init__(
        self, model: SearchModel, games: int, options: SearchOptions | None = None, workers: int = 1
    ):
        """workers: threads, for models made of kernels."""
        for name, value in (("games", games), ("workers", workers)):
            if value < 1:
                raise ValueError(f"{name} is {value}; give 1 or more")
        self.model = model
        self.options = options or SearchOptions()
        self.games = games
        self.workers = min(workers, games)
        self.candidates = getattr(model, "candidates", self.options.candidates)
        self.nodes = self.options.nodes
        self.forest = tree.new_forest(
            games, self.nodes, self.candidates, self.options.considered, self.options.wave
        )
        self._settings = self.options.settings()
        self._kept = np.zeros(games, bool)
        self._pool = ThreadPoolExecutor(self.workers - 1) if self.workers > 1 else None

    def run(self, seeds: np.ndarray, active: np.ndarray | None = None) -> Results:
        """Search every active game from its root slot and choose an action.

        seeds: (G,) integers, all that is random. active: (G,) bool, default all. Raises SearchError when the
        model's answers are no good in some games; the others are searched to the end.
        """
        seeds = np.asarray(seeds)
        if seeds.shape != (self.games,):
            raise ValueError(f"seeds has shape {seeds.shape}; give one per game, ({self.games},)")
        todo = np.arange(self.games) if active is None else np.flatnonzero(active)
        games = self.forest.games
        games["seed"][:] = seeds.astype(np.uint64)
        games["error"][:] = tree.FINE
        self._failures: dict[int, Exception] = {}
        drive = self._run_kernels if isinstance(self.model, KernelModel) else self._run_batches
        drive(todo)
        self._kept[todo] = False
        return self._read(todo)

    def advance(self, game: int, action: int, reply: int) -> bool:
        """Keep the subtree of what really happened in a game, in the slots from the root's on.

        False when there is none, or without the option `reuse`: set the model's root; the next search starts
        anew.
        """
        root, nodes = game * self.nodes, self.forest.nodes
        if not self.options.reuse or self.forest.games["nodes"][game] == 0:
            return False
        edge = nodes["first"][root]
        while edge >= 0 and self.forest.edges["action"][edge] != action:
            edge = self.forest.edges["sibling"][edge]
        child = selection.outcome_of(self.forest, edge, reply) if edge >= 0 else -1
        if child < 0 or nodes["state"][child] != tree.READY:
            return False
        places = np.zeros(self.nodes, np.int64)
        kept = tree.keep_subtree(self.forest, game, root, child, places)
        self.model.move(places[:kept], np.arange(root, root + kept))
        self._kept[game] = True
        return True

    def close(self) -> None:
        """Stop the threads."""
        if self._pool:
            self._pool.shutdown()

    def _run_kernels(self, todo: np.ndarray) -> None:
        views = [self.model.view(worker) for worker in range(self.workers)]  # type: ignore[attr-defined]
        noise = np.zeros((self.games, self.candidates))
        fresh = ~self._kept

        def prepare(view: Any, games: np.ndarray) -> None:
            ready_roots(self.forest, view, games, fresh)

        def simulate(view: Any, games: np.ndarray) -> None:
            search_games(self.forest, self._settings, view, games, chunk)

        self._share(prepare, views, todo)
        self._perturb(todo, noise)
        self._begin(todo, noise)
        deadline = self._deadline()
        chunk = TIME_CHECK if self.options.milliseconds else self.options.simulations
        for done in range(0, self.options.simulations, chunk):
            if done and time.monotonic() > deadline:
                break
            self._share(simulate, views, todo)

    def _share(self, work: Callable[[Any, np.ndarray], None], views: list[Any], todo: np.ndarray) -> None:
        """Do games on all threads; which thread does which game makes no difference."""
        if not self._pool:
            work(views[0], todo)
            return
        # Neighbours share cache lines, so each thread does a stretch of games; the caller's is one of them.
        own, *others = zip(views, np.array_split(todo, self.workers), strict=True)
        elsewhere = [self._pool.submit(work, view, games) for view, games in others]
        work(*own)
        for done in elsewhere:
            done.result()

    def _run_batches(self, todo: np.ndarray) -> None:
        forest = self.forest
        fresh = todo[~self._kept[todo]]
        for game in fresh:
            tree.clear(forest, game)
        self._evaluate(fresh * self.nodes)
        noise = np.zeros((self.games, self.candidates))
        todo = self._fine(todo)
        self._perturb(todo, noise)
        self._begin(todo, noise)
        deadline = self._deadline()
        while True:
            start_lanes(forest, self._settings, self.nodes, self.options.wave, self._fine(todo))
            if not (forest.lanes["state"] >= 0).any():
                break
            self._walk()
            self._step()
            back_up_lanes(forest, self._settings, self.options.wave)
            if time.monotonic() > deadline:
                break

    def _walk(self) -> None:
        """Move all simulations to where they end."""
        forest, wave = self.forest, self.options.wave
        lanes = forest.lanes
        while True:
            walk_lanes(forest, self._settings, wave)
            asking = np.flatnonzero(lanes["state"] == tree.ASKING)
            if len(asking) == 0:
                return
            slots, actions = lanes["node"][asking], forest.edges["action"][lanes["edge"][asking]]
            replies = self._ask(
                lambda *args: (self.model.reply(*args),), slots, actions, lanes["draw"][asking]
            )
            asking = self._without_failed(asking)
            if len(asking):
                answer_lanes(forest, wave, asking, np.asarray(replies[0], np.int64))

    def _step(self) -> None:
        """Step into new nodes and evaluate them."""
        forest, wave = self.forest, self.options.wave
        lanes = forest.lanes
        new = np.flatnonzero(lanes["state"] == tree.NEW)
        if len(new) == 0:
            return
        slots, out, edges = lanes["node"][new], lanes["child"][new], lanes["edge"][new]
        steps = self._ask(
            self.model.step, slots, forest.edges["action"][edges], forest.nodes["reply"][out], out
        )
        new = self._without_failed(new)
        if len(new):
            finish_steps(forest, wave, new, *(np.asarray(part, float) for part in steps))
            out = lanes["child"][new]
            self._evaluate(out[forest.nodes["state"][out] != tree.ENDED])
            self._without_failed(new)

    def _evaluate(self, slots: np.ndarray) -> None:
        found = self._ask(self.model.evaluate, slots) if len(slots) else []
        slots = slots[self.forest.games["error"][slots // self.nodes] == tree.FINE]
        if len(slots) == 0:
            return
        width = min(found[0].shape[1], self.candidates)
        rows_of = (self.forest.actions, self.forest.priors, self.forest.kinds)
        for rows, given in zip(rows_of, found, strict=False):
            rows[slots, :width] = given[:, :width]
        counts, values = np.asarray(found[3], np.int64), np.asarray(found[4], float)
        attach_nodes(self.forest, self.nodes, slots, counts, values)

    def _ask(self, call: Callable[..., Any], slots: np.ndarray, *others: np.ndarray) -> Any:
        """The model's answer for K requests, the first argument of which are slots.

        When the model raises, it is asked for each game apart, so that only the guilty ones fail; their
        requests are left out of the answer.
        """
        try:
            return call(slots, *others)
        except Exception:
            games = slots // self.nodes
        answers, rows = [], []
        for game in np.unique(games):
            mine = np.flatnonzero(games == game)
            try:
                answers.append(call(slots[mine], *(other[mine] for other in others)))
                rows.append(mine)
            except Exception as error:
                self._failures[int(game)] = error
                self.forest.games["error"][game] = tree.RAISED
        if not answers:
            return ()
        order = np.argsort(np.concatenate(rows))
        return tuple(np.concatenate(parts)[order] for parts in zip(*answers, strict=True))

    def _without_failed(self, lanes: np.ndarray) -> np.ndarray:
        """End the simulations of games that failed; returns those of `lanes` that go on."""
        failed = self.forest.games["error"][np.arange(len(self.forest.lanes["state"])) // self.options.wave]
        self.forest.lanes["state"][failed != tree.FINE] = -1
        return lanes[self.forest.lanes["state"][lanes] >= 0]

    def _fine(self, todo: np.ndarray) -> np.ndarray:
        return todo[self.forest.games["error"][todo] == tree.FINE]

    def _begin(self, todo: np.ndarray, noise: np.ndarray) -> None:
        begin_games(self.forest, self._settings, self.nodes, self.options.simulations, todo, noise)

    def _perturb(self, todo: np.ndarray, noise: np.ndarray) -> None:
        """Gumbel noise into `noise` (G, M), or Dirichlet noise into the roots' priors, action by action."""
        if not self.options.noise:
            return
        nodes, share = self.forest.nodes, self.options.noise_share
        for game in todo:
            root = game * self.nodes
            count = nodes["count"][root]
            order = np.argsort(self.forest.actions[root, :count])
            rng = np.random.default_rng(int(self.forest.games["seed"][game]))
            if self.options.rule == "gumbel":
                noise[game, order] = rng.gumbel(size=count)
            else:
                drawn = rng.dirichlet(np.full(count, self.options.noise_concentration / count))
                priors = np.zeros(self.candidates, np.float32)
                priors[order] = (1 - share) * self.forest.priors[root, order].astype(float) + share * drawn
                root_rules.reweigh_root(self.forest, root, priors)

    def _deadline(self) -> float:
        limit = self.options.milliseconds
        return time.monotonic() + limit / 1000 if limit else float("inf")

    def _read(self, todo: np.ndarray) -> Results:
        results = Results.empty(self.games, self.candidates)
        fine = self._fine(todo)
        read_games(self.forest, self._settings, self.nodes, fine, *results)
        if len(fine) < len(todo):
            games = self.forest.games
            raise SearchError(
                {int(g): self._failure(int(g)) for g in np.flatnonzero(games["error"])}, results
            )
        return results

    def _failure(self, game: int) -> str | Exception:
        games = self.forest.games
        if games["error"][game] == tree.RAISED:
            return self._failures[game]
        wrong = _WRONG[int(games["error"][game])].format(candidates=self.candidates)
        return f"at node {int(games['failed'][game]) % self.nodes} of its tree the model {wrong}"


@kernel
def ready_roots(forest, model, todo, fresh):
    """Evaluate the roots of games; those not `fresh` have theirs."""
    per_game = forest.nodes.shape[0] // forest.games.shape[0]
    for i in range(todo.shape[0]):
        game = todo[i]
        root = game * per_game
        if fresh[game]:
            tree.clear(forest, game)
            tree.arrive(forest, game, root, hooks.value(model, root))
        if forest.nodes[root].count == 0:
            _propose(forest, model, game, root)


@kernel
def _propose(forest, model, game, node):
    count = hooks.propose(model, node, forest.actions[node], forest.priors[node], forest.kinds[node])
    return tree.accept(forest, game, node, count)


@kernel
def begin_games(forest, settings, per_game, simulations, todo, noise):
    """Prepare a search in games whose roots are evaluated. noise: (G, M)."""
    for i in range(todo.shape[0]):
        game = todo[i]
        if forest.games[game].error == tree.FINE:
            root_rules.begin(forest, settings, game, game * per_game, simulations, noise[game])


@kernel
def search_games(forest, settings, model, todo, simulations):
    """Up to so many simulations more in every game."""
    per_game = forest.nodes.shape[0] // forest.games.shape[0]
    wave = forest.lanes.shape[0] // forest.games.shape[0]
    for i in range(todo.shape[0]):
        game = todo[i]
        for _ in range(simulations):
            if forest.games[game].error != tree.FINE:
                break
            root_rules.next_round(forest, settings, game, game * per_game)
            if not root_rules.start(forest, settings, game, game * per_game, game * wave):
                break
            _simulate(forest, settings, model, game, game * wave)


@kernel
def _simulate(forest, settings, model, game, lane):
    _nodes, edges, lanes = forest.nodes, forest.edges, forest.lanes
    state = tree.WALKING
    while state == tree.WALKING:
        state = selection.walk(forest, settings, game, lane)
        node, edge = np.int64(lanes[lane].node), lanes[lane].edge
        if state == tree.UNREADY:
            if not _propose(forest, model, game, node):
                return
            lanes[lane].edge = -1
            state = tree.WALKING
        elif state == tree.ASKING:
            action = np.int64(edges[edge].action)
            reply = hooks.reply(model, node, action, lanes[lane].draw)
            state = selection.answer(forest, game, lane, reply)
            child = np.int64(lanes[lane].child)
            if state == tree.NEW:
                reward, chance, ends = hooks.step(model, node, action, reply, child)
                tree.stepped(forest, game, child, reward, chance, ends)
                if not ends:
                    tree.arrive(forest, game, child, hooks.value(model, child))
    tree.back_up(forest, settings, game, lanes[lane].child)


@kernel
def start_lanes(forest, settings, per_game, wave, todo):
    """Start up to `wave` simulations in every game; lanes without one have state -1."""
    for lane in range(forest.lanes.shape[0]):
        forest.lanes[lane].state = -1
    for i in range(todo.shape[0]):
        game = todo[i]
        root = game * per_game
        root_rules.next_round(forest, settings, game, root)
        for lane in range(game * wave, (game + 1) * wave):
            if not root_rules.start(forest, settings, game, root, lane):
                break
            if settings.gumbel:
                # Two simulations through one root edge in a wave have numbers of their own.
                forest.edges[forest.lanes[lane].edge].started += 1
        for lane in range(game * wave, (game + 1) * wave):
            if settings.gumbel and forest.lanes[lane].state >= 0:
                forest.edges[forest.lanes[lane].edge].started -= 1


@kernel
def walk_lanes(forest, settings, wave):
    """Move every simulation on until it needs something."""
    lanes = forest.lanes
    for lane in range(lanes.shape[0]):
        if lanes[lane].state == tree.WALKING:
            lanes[lane].state = selection.walk(forest, settings, lane // wave, lane)


@kernel
def answer_lanes(forest, wave, asking, replies):
    """Give simulations their replies."""
    for i in range(asking.shape[0]):
        lane = asking[i]
        forest.lanes[lane].state = selection.answer(forest, lane // wave, lane, replies[i])


@kernel
def finish_steps(forest, wave, new, rewards, chances, ends):
    """Take the model's steps to new nodes."""
    for i in range(new.shape[0]):
        lane = new[i]
        tree.stepped(forest, lane // wave, forest.lanes[lane].child, rewards[i], chances[i], ends[i] > 0.0)


@kernel
def attach_nodes(forest, per_game, slots, counts, values):
    """Take the model's evaluations of nodes."""
    for i in range(slots.shape[0]):
        game = slots[i] // per_game
        if tree.accept(forest, game, slots[i], counts[i]):
            tree.arrive(forest, game, slots[i], values[i])


@kernel
def back_up_lanes(forest, settings, wave):
    """Bring the values of all simulations back."""
    for lane in range(forest.lanes.shape[0]):
        if forest.lanes[lane].state >= 0:
            tree.back_up(forest, settings, lane // wave, forest.lanes[lane].child)


@kernel
def read_games(
    forest,
    settings,
    per_game,
    todo,
    actions,
    values,
    simulations,
    counts,
    candidates,
    priors,
    visits,
    q,
    policy,
):
    """Write what was found into the arrays of `Results`."""
    nodes = forest.nodes
    for i in range(todo.shape[0]):
        game = todo[i]
        root = game * per_game
        root_rules.settle(forest, settings, game)
        actions[game] = forest.edges[root_rules.chosen_edge(forest, settings, game, root)].action
        values[game] = nodes[root].best if settings.best else nodes[root].total / (nodes[root].visits - 1)
        simulations[game] = forest.games[game].spent
        counts[game] = nodes[root].count
        for c in range(counts[game]):
            candidates[game, c], priors[game, c] = forest.actions[root, c], forest.priors[root, c]
        root_rules.read_root(forest, settings, game, root, visits[game], q[game], policy[game])
