"""How well text is understood: the reader of users' sentences, on wording it knows and on new wording."""

from __future__ import annotations

import argparse
import math
import time

from .._cli import App, Figure, Progress, Report


def add_to(app: App) -> None:
    """Add ``python -m scripts.bench nlu``."""
    examples = ["python -m scripts.bench nlu --json", "python -m scripts.bench nlu --world multiwoz"]
    parser = app.command("nlu", bench_nlu, examples)
    parser.add_argument("--world", default="concierge", help="concierge (default), multiwoz or sgd")
    parser.add_argument("--sentences", type=int, default=100, help="of each kind and fold (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sentences (default: 0)")


def bench_nlu(options: argparse.Namespace, progress: Progress) -> Report:
    """Errors of the reader that turns users' sentences back into acts.

    nlu.act_error     share of sentences whose act, with slot, value and all, is read wrong
    nlu.kind_error    share whose kind of act is
    nlu.fit_seconds   CPU time to train a reader
    nlu.read_us       CPU time to read a sentence

    wording=known: paraphrases that the reader learnt from, of other acts. wording=new: paraphrases left out
    of training, a quarter of those of each kind in turn. lo and hi are 95 % intervals (Wilson) as if
    sentences were independent; those of one paraphrase are not, so new wording varies more than they say.
    """
    if options.sentences < 1:
        raise ValueError(f"--sentences is {options.sentences}; give 1 or more")
    from envs.chat import make_world
    from envs.chat.acts import domain_of
    from envs.chat.understand import FOLDS, Reader, paraphrases

    schema = make_world(options.world).schema
    wrong: dict[tuple[str, str, str], list[bool]] = {}
    fitted, read = 0.0, 0.0
    for fold in progress.track(range(FOLDS), "folds", FOLDS):
        began = time.process_time()
        reader = Reader(schema, options.seed, fold)
        fitted += time.process_time() - began
        for wording in ("known", "new"):
            texts = paraphrases(schema, options.seed + 1 + fold, options.sentences, fold, wording == "new")
            began = time.process_time()
            for text, act in texts:
                domain = domain_of(schema.slot(act.slot)) if act.slot else 0
                found = reader.read(text, domain).act
                for kind in ("all", act.kind):
                    wrong.setdefault(("nlu.act_error", wording, kind), []).append(found != act)
                    wrong.setdefault(("nlu.kind_error", wording, kind), []).append(found.kind != act.kind)
            read += time.process_time() - began
    figures = []
    for (name, wording, kind), errors in wrong.items():
        share, n = sum(errors) / len(errors), len(errors)
        labels = {"wording": wording, "kind": kind, "world": options.world}
        figures.append(Figure(name, share, *_interval(share, n), n=n, labels=labels))
    sentences = sum(len(errors) for key, errors in wrong.items() if key[::2] == ("nlu.act_error", "all"))
    figures.append(Figure("nlu.fit_seconds", fitted / FOLDS, unit="s", labels={"world": options.world}))
    figures.append(Figure("nlu.read_us", 1e6 * read / sentences, unit="us", labels={"world": options.world}))
    return Report(figures)


def _interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n."""
    z = 1.96
    middle, width = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return max(0.0, (middle - width) / (1 + z * z / n)), (middle + width) / (1 + z * z / n)
