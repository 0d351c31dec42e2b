"""A predictor's measures on recorded dialogues, per domain and pooled, beside baselines that read no text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ...evaluation.statistics import Interval
from .acts import SPEAKERS, act_of, act_places, slot_f1, slots_of
from .linear import fit_linear
from .measures import Forecast, Rated, act_measures, bootstrapped, satisfaction_measures
from .network import BEFORE
from .ngrams import Place
from .predictor import Predictor
from .rated import groups, rated, rated_places, shares, standing, yes_no
from .reading import Dialogue

POOLED = "pooled"
PREDICTOR, POSITION, CONSTANT, MAJORITY = "predictor", "position", "constant", "majority"
_STRENGTH, _FOLDS = 20.0, 5


class Score(NamedTuple):
    """One measure."""

    name: str
    interval: Interval
    domain: str
    input: str
    """`before`: from what was said before the turn; `with`: with the turn."""
    by: str
    """Whose: the predictor's or a baseline's."""


def satisfaction_scores(dialogues: Sequence[Dialogue], predictor: Predictor) -> Iterator[Score]:
    """Of rated turns. Baselines are fitted to the dialogues scored: `constant` knows the shares, `position`,
    which sees the domain, the turn's place and signs such as lengths and repeats, learns from four fifths of
    the dialogues what it says of the others.
    """
    places = rated_places(dialogues)
    if not places:
        return
    truth, dialogue = rated(places), groups(places)
    told = predictor.satisfaction(places)
    rows = [(BEFORE, POSITION, _position(places, truth, dialogue)), (BEFORE, CONSTANT, _constant(truth))]
    rows = [*((kind, PREDICTOR, forecast) for kind, forecast in told.items()), *rows]
    domains = np.array([place[0].domain for place in places])
    for domain in (POOLED, *dict.fromkeys(domains.tolist())):
        picked = np.flatnonzero((domains == domain) | (domain == POOLED))
        for kind, by, forecast in rows:

            def measure(
                chosen: np.ndarray, picked: np.ndarray = picked, forecast: Forecast = forecast
            ) -> dict[str, float]:
                rows = picked[chosen]
                return satisfaction_measures(
                    Rated(*(values[rows] for values in truth)),
                    Forecast(*(values[rows] for values in forecast)),
                )

            for name, interval in bootstrapped(measure, dialogue[picked]).items():
                yield Score(f"satisfaction.{name}", interval, str(domain), kind, by)


def act_scores(dialogues: Sequence[Dialogue], predictor: Predictor) -> Iterator[Score]:
    """Of the next act and slots of users and assistants, from what was said before, by domain; turns without
    a label are left out. The majority baseline says the most frequent act of the dialogues scored, and no
    slot. Domains that the predictor has not learned are left out.
    """
    for domain in dict.fromkeys(dialogue.domain for dialogue in dialogues):
        for speaker, who in SPEAKERS.items():
            places = act_places(dialogues, domain, speaker)
            model = predictor.acts.get(f"{domain}/{who}")
            if not places or model is None:
                continue
            dialogue = groups(places)
            truth = np.array([act_of(place) for place in places])
            told, slots = predictor.next_act(places, domain, speaker)
            names, counts = np.unique(truth, return_counts=True)
            usual = np.full(len(truth), names[counts.argmax()])
            for by, guess in ((PREDICTOR, told), (MAJORITY, usual)):

                def measure(rows: np.ndarray, truth: np.ndarray = truth, guess: np.ndarray = guess) -> dict:
                    return act_measures(truth[rows], guess[rows])

                for name, interval in bootstrapped(measure, dialogue).items():
                    yield Score(f"next_{who}_act.{name}", interval, domain, BEFORE, by)
            if len(model.slots) > 1:
                spoken = [slots_of(place) for place in places]

                def of_slots(rows: np.ndarray, spoken: list = spoken, slots: list = slots) -> dict:
                    return {"f1": slot_f1([spoken[row] for row in rows], [slots[row] for row in rows])}

                for name, interval in bootstrapped(of_slots, dialogue).items():
                    yield Score(f"next_{who}_slots.{name}", interval, domain, BEFORE, PREDICTOR)


def _constant(truth: Rated) -> Forecast:
    many = len(truth.low)
    median = float(np.median(truth.mean))
    return Forecast(np.full(many, truth.low.mean()), np.full(many, median), np.full(many, 3))


def _position(places: Sequence[Place], truth: Rated, dialogue: np.ndarray) -> Forecast:
    table = standing(places, heard=False)
    features = (table - table.mean(0)) / (table.std(0) + 1e-6)
    targets = [shares(places), yes_no(truth.low)]
    low, mean = np.full(len(places), truth.low.mean()), np.full(len(places), truth.mean.mean())
    for fold in range(_FOLDS):
        hidden = dialogue % _FOLDS == fold
        if hidden.all() or not hidden.any():
            continue
        linear = fit_linear(features[~hidden], [target[~hidden] for target in targets], _STRENGTH)
        ratings, chance = linear.chances(features[hidden])
        low[hidden] = chance[:, 1]
        mean[hidden] = 3 + ratings[:, 2] - ratings[:, 0]
    return Forecast(low, mean, np.full(len(places), 3))
