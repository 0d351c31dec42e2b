"""Cell posteriors: Bayes' rule where all cells hear the same, and parts on their own where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.belief import CellPosterior

CELLS, LABELS, HYPOTHESES = 6, 3, 5


def grids(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, LABELS, (HYPOTHESES, CELLS)).astype(np.uint8)


def marginals(posterior: CellPosterior, labels: np.ndarray, game: int = 0) -> np.ndarray:
    out = np.empty((labels.shape[1], LABELS), np.float32)
    posterior.marginals(game, labels, out)
    return out


def shares(evidence: np.ndarray, unknown: float) -> np.ndarray:
    """Twin of the kernels: cumulative shares (P + 1, N) of "unknown" and the hypotheses."""
    behind = (evidence - evidence.max(axis=0)).astype(float)
    weights = np.where(behind > -12, np.exp(behind), 0.0)
    reached = np.cumsum(np.vstack([np.full(evidence.shape[1], unknown), weights]), axis=0)
    return reached / reached[-1]


def heard(hypotheses: int, cells: int, unknown: float, spread: float) -> CellPosterior:
    """A posterior after three observations; with a wide spread most hypotheses are negligible."""
    rng = np.random.default_rng(cells)
    posterior = CellPosterior(1, hypotheses, cells, unknown)
    for _ in range(3):
        posterior.observe(0, spread * rng.normal(size=hypotheses), rng.random(cells))
    return posterior


def bayes(log_likelihood: np.ndarray, labels: np.ndarray, temperature: float) -> np.ndarray:
    weights = np.exp(log_likelihood / temperature)
    weights /= weights.sum()
    return np.stack([[weights[labels[:, c] == label].sum() for label in range(LABELS)] for c in range(CELLS)])


@given(
    st.lists(st.floats(-8, 0), min_size=HYPOTHESES, max_size=HYPOTHESES),
    st.lists(st.floats(-8, 0), min_size=HYPOTHESES, max_size=HYPOTHESES),
    st.sampled_from([1.0, 2.0, 8.0]),
)
def test_equal_weights_are_bayes_rule_at_a_temperature(first: list, second: list, temperature: float) -> None:
    labels, posterior = grids(), CellPosterior(1, HYPOTHESES, CELLS, unknown=0.0)
    for observed in (first, second):
        posterior.observe(0, np.array(observed), np.full(CELLS, 1 / temperature))
    wanted = bayes(np.array(first) + np.array(second), labels, temperature)
    assert marginals(posterior, labels) == pytest.approx(wanted, abs=1e-4)


def test_without_evidence_a_cell_holds_what_most_hypotheses_say() -> None:
    labels = grids()
    found = marginals(CellPosterior(1, HYPOTHESES, CELLS, unknown=0.0), labels)
    assert found == pytest.approx(bayes(np.zeros(HYPOTHESES), labels, 1.0), abs=1e-6)


def test_parts_of_a_grid_may_follow_different_hypotheses() -> None:
    labels = np.array([[0, 0, 0, 0], [1, 1, 1, 1]], np.uint8)
    posterior = CellPosterior(1, 2, 4, unknown=0.0)
    posterior.observe(0, np.array([0.0, -9.0]), np.array([1.0, 1.0, 0.0, 0.0]))
    posterior.observe(0, np.array([-9.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert marginals(posterior, labels).argmax(axis=1).tolist() == [0, 0, 1, 1]


def test_unknown_takes_its_share_beside_the_best_hypothesis() -> None:
    labels = np.array([[0, 1], [0, 1]], np.uint8)
    posterior = CellPosterior(1, 2, 2, unknown=0.5)
    assert marginals(posterior, labels).sum(axis=1) == pytest.approx(2 / 2.5)
    posterior.observe(0, np.array([0.0, -50.0]), np.ones(2))
    assert marginals(posterior, labels).sum(axis=1) == pytest.approx(1 / 1.5)


def test_games_do_not_hear_each_other() -> None:
    labels, posterior = grids(), CellPosterior(2, HYPOTHESES, CELLS, unknown=0.1)
    before = marginals(posterior, labels, game=1)
    posterior.observe(0, np.arange(HYPOTHESES, dtype=float), np.ones(CELLS))
    assert (marginals(posterior, labels, game=1) == before).all()
    assert (marginals(posterior, labels, game=0) != before).any()


@given(st.integers(0, 1000))
def test_drawn_grids_have_the_marginals(seed: int) -> None:
    labels, posterior = grids(seed), CellPosterior(1, HYPOTHESES, CELLS, unknown=0.3)
    rng = np.random.default_rng(seed)
    posterior.observe(0, rng.normal(size=HYPOTHESES), rng.random(CELLS))
    count = 4000
    fallback = np.full(CELLS, 2, np.uint8)
    drawn = posterior.draw(0, labels, fallback, (np.arange(count) + 0.5) / count)
    wanted = marginals(posterior, labels)
    wanted[np.arange(CELLS), fallback] += 1 - wanted.sum(axis=1)
    found = np.stack([(drawn == label).mean(axis=0) for label in range(LABELS)], axis=1)
    assert found == pytest.approx(wanted, abs=2 * HYPOTHESES / count)


@pytest.mark.parametrize("cells", [1, 7, 33, 500])
@pytest.mark.parametrize("unknown", [0.0, 0.7])
@pytest.mark.parametrize("spread", [0.5, 4.0, 40.0])
def test_kernels_do_what_their_twin_does(cells: int, unknown: float, spread: float) -> None:
    hypotheses, rng = 90, np.random.default_rng(1)
    posterior = heard(hypotheses, cells, unknown, spread)
    reached = shares(posterior.evidence[0], unknown)
    labels = rng.integers(0, LABELS, (hypotheses, cells)).astype(np.uint8)
    share = np.diff(reached, axis=0)
    wanted = np.stack([np.where(labels == label, share, 0).sum(axis=0) for label in range(LABELS)], axis=1)
    assert marginals(posterior, labels) == pytest.approx(wanted, abs=1e-5)

    names = np.arange(1, hypotheses + 1)[:, None].repeat(cells, axis=1)
    uniforms = np.sort(rng.random(40))
    drawn = posterior.draw(0, names, np.zeros(cells, np.uint8), uniforms)
    below = np.take_along_axis(reached, np.maximum(drawn - 1, 0), axis=0) * (drawn > 0)
    above = np.take_along_axis(reached, drawn, axis=0)
    assert (below <= uniforms[:, None] + 1e-5).all()
    assert (above >= uniforms[:, None] - 1e-5).all()
    assert (above - below).min() > 0


def test_quantiles_at_both_ends_are_those_of_hypotheses_that_count() -> None:
    names = np.arange(HYPOTHESES, dtype=np.uint8)[:, None].repeat(CELLS, axis=1)
    posterior, fallback = CellPosterior(1, HYPOTHESES, CELLS, unknown=0.0), np.full(CELLS, 9, np.uint8)
    posterior.observe(0, np.array([-50.0, 0.0, -1.0, -2.0, -50.0]), np.ones(CELLS))
    drawn = posterior.draw(0, names, fallback, np.array([0.0, np.nextafter(1.0, 0.0)]))
    assert drawn.tolist() == [[1] * CELLS, [3] * CELLS]


def test_the_lowest_quantiles_fall_back_on_what_is_given_for_unknown() -> None:
    labels, fallback = np.ones((2, CELLS), np.uint8), np.arange(CELLS) + 2
    posterior = CellPosterior(1, 2, CELLS, unknown=1.0)
    drawn = posterior.draw(0, labels, fallback, np.array([0.0, 0.33, 0.34, 0.9]))
    assert drawn.dtype == np.uint8
    assert drawn.tolist() == [fallback.tolist()] * 2 + [[1] * CELLS] * 2


def test_cells_of_equal_evidence_are_drawn_from_one_hypothesis() -> None:
    labels = np.arange(HYPOTHESES, dtype=np.uint8)[:, None].repeat(CELLS, axis=1)
    posterior = CellPosterior(1, HYPOTHESES, CELLS, unknown=0.0)
    drawn = posterior.draw(0, labels, np.zeros(CELLS, np.uint8), np.array([0.1, 0.5, 0.9]))
    assert (drawn == drawn[:, :1]).all()


def test_a_negative_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown is -1\.0; give 0"):
        CellPosterior(1, 1, 1, unknown=-1.0)
