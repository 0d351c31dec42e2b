"""Particle beliefs: Bayes' rule when exact, slower when tempered, and resampling with low variance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.belief import ParticleBelief, effective_sample_size, normalise, systematic_resample

PRIOR = np.array([0.5, 0.3, 0.2])
LIKELIHOOD = np.array([0.1, 0.6, 0.2])
UNIFORMS = st.floats(0, 1, exclude_max=True)


def test_exact_beliefs_follow_bayes_rule() -> None:
    belief = ParticleBelief(PRIOR, games=2)
    belief.observe(1, np.log(LIKELIHOOD))
    belief.observe(1, np.log(LIKELIHOOD))
    posterior = PRIOR * LIKELIHOOD**2
    assert belief.probabilities(1) == pytest.approx(posterior / posterior.sum())
    assert belief.probabilities(0) == pytest.approx(PRIOR), "games do not mix"


def test_tempered_evidence_counts_less() -> None:
    belief = ParticleBelief(PRIOR, games=1, temperature=4.0)
    belief.observe(0, np.log(LIKELIHOOD))
    posterior = PRIOR * LIKELIHOOD**0.25
    assert belief.probabilities(0) == pytest.approx(posterior / posterior.sum())


def test_long_histories_stay_in_range() -> None:
    belief = ParticleBelief(PRIOR, games=1)
    for _ in range(5000):
        belief.observe(0, np.array([-30.0, -31.0, -29.0]))
    assert belief.probabilities(0) == pytest.approx([0, 0, 1])


def test_a_hypothesis_without_prior_never_comes_back() -> None:
    belief = ParticleBelief(np.array([1.0, 0.0]), games=1)
    belief.observe(0, np.array([-50.0, 0.0]))
    assert belief.probabilities(0).tolist() == [1.0, 0.0]


def test_the_unknown_particle_takes_over_when_nothing_fits() -> None:
    """Goals of the library explain the edits badly; the last particle, which expects anything, wins."""
    belief = ParticleBelief(np.array([0.45, 0.45, 0.1]), games=1)
    for _ in range(5):
        belief.observe(0, np.log([1e-4, 1e-4, 2e-3]))
    assert belief.probabilities(0)[-1] > 0.99


def test_a_belief_in_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no particle of finite weight; raise the likelihood floor"):
        normalise(np.full(3, -np.inf))


@pytest.mark.parametrize(
    ("prior", "temperature", "words"),
    [
        ([0.5, 0.4], 1.0, "prior sums to 0.9 with shape"),
        ([[0.5, 0.5]], 1.0, r"with shape \(1, 2\)"),
        ([1.5, -0.5], 1.0, "prior sums to 1"),
        ([0.5, 0.5], 0.5, "temperature is 0.5; give 1"),
    ],
)
def test_bad_beliefs_are_refused(prior: list[float], temperature: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ParticleBelief(np.array(prior), games=1, temperature=temperature)


def test_rows_are_normalised_one_by_one() -> None:
    rows = normalise(np.log([[1.0, 1.0, 2.0], [3.0, 1.0, 0.5]]))
    assert rows == pytest.approx(np.array([[0.25, 0.25, 0.5], [2 / 3, 2 / 9, 1 / 9]]))


@pytest.mark.parametrize(
    ("probabilities", "size"), [([1.0, 0, 0, 0], 1), ([0.25] * 4, 4), ([0.5, 0.5, 0, 0], 2)]
)
def test_effective_sample_size_counts_equal_particles(probabilities: list[float], size: float) -> None:
    assert effective_sample_size(np.array(probabilities)) == pytest.approx(size)


@given(
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any), u=UNIFORMS, n=st.integers(1, 40)
)
def test_a_particle_is_drawn_floor_or_ceil_of_its_share(weights: list[int], u: float, n: int) -> None:
    probabilities = np.array(weights) / sum(weights)
    drawn = systematic_resample(probabilities, n, u)
    assert (np.diff(drawn) >= 0).all()
    counts = np.bincount(drawn, minlength=len(weights))
    assert counts.sum() == n
    assert (np.abs(counts - n * probabilities) < 1 + 1e-9).all()


def test_resampling_is_unbiased() -> None:
    """Over evenly spread uniforms, mean counts are the shares; tolerance is their spacing."""
    uniforms = (np.arange(1000) + 0.5) / 1000
    counts = [np.bincount(systematic_resample(PRIOR, 7, u), minlength=3) for u in uniforms]
    assert np.mean(counts, axis=0) == pytest.approx(7 * PRIOR, abs=0.01)
