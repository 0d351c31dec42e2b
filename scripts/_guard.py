"""The guard of the package names.

``envs``, ``agents`` and the like are names that other distributions use too: ``openai-agents``, for one,
installs a package ``agents``. Which of two wins depends on the order of ``sys.path``, and losing shows as a
puzzling import error far from its cause. The guard looks at where each name leads, without importing it, and
says whose package stands there.
"""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "assistance-games"
PACKAGES = ("envs", "planners", "agents", "llm_chat")
ROOT = Path(__file__).resolve().parents[1]


def check_names() -> None:
    """Exit with status 1 and an explanation unless all of ``PACKAGES`` stand beside these scripts."""
    problems = [problem for name in PACKAGES if (problem := _problem(name))]
    if problems:
        raise SystemExit("\n".join(problems))


def _problem(name: str) -> str | None:
    """What is wrong with the package ``name`` and how to mend it; None when it is ours."""
    place = _place(name)
    if place == ROOT / name:
        return None
    if place is None:
        return f"`{name}` is not a package in {ROOT}: the copy is incomplete; clone or install it again"
    owner = _owner(name, place)
    if owner is None:
        whose = f"comes from {place}, which no installed distribution owns"
        remedy = f"take {place.parent} off PYTHONPATH, or start the command in {ROOT}"
    else:
        whose = f"comes from {place}, which the distribution `{owner}` owns"
        remedy = f"`pip uninstall {owner}`, or install {DISTRIBUTION} into an environment without it"
    return f"`{name}` {whose}; {DISTRIBUTION} needs the one in {ROOT}. Remedy: {remedy}"


def _place(name: str) -> Path | None:
    """Folder of the package (or the file) that ``import name`` would load; None when there is none."""
    spec = find_spec(name)
    if spec is None:
        return None
    return Path(next(iter(spec.submodule_search_locations or [str(spec.origin)]))).resolve()


def _owner(name: str, place: Path) -> str | None:
    """Installed distribution that brought ``place``; None when none did."""
    for owner in metadata.packages_distributions().get(name, []):
        if Path(str(metadata.distribution(owner).locate_file(name))).resolve() == place:
            return owner
    return None
