"""Imports go one way and stay light; the checker of that reads syntax trees and is itself tested."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = ("envs", "planners", "agents", "llm_chat", "scripts")
"""A package may import those before it, never those after it."""

HEAVY = ("matplotlib", "ray", "torch", "transformers", "vllm")
"""Slow to import or absent from a core install: imported where they are used, not with the module."""

TORCH_FREE = ("envs", "planners")
RAY_FILES = tuple(
    f"agents/training/{name}.py" for name in ("rllib", "rllib_module", "ray_session", "ppo", "ppo_module")
)
HEAVY_FOLDERS = ("agents/predictors/", "agents/training/")


class Import(NamedTuple):
    """One imported module: dotted name, leading dots, line, and whether importing the file imports it."""

    name: str
    dots: int
    line: int
    eager: bool


def imports(tree: ast.AST, eager: bool = True) -> Iterator[Import]:
    """All imports below ``tree``, in functions and under ``if TYPE_CHECKING`` (both not eager) too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, 0, node.lineno, eager) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", node.level, node.lineno, eager)
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from imports(ast.Module(node.body, []), eager=False)
            yield from imports(ast.Module(node.orelse, []), eager)
        else:
            lazy = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from imports(node, eager and not lazy)


def faults(path: str, item: Import) -> Iterator[str]:
    """What is wrong with the import ``item`` in the file ``path`` (relative to the root, with slashes)."""
    package = path.split("/")[0]
    if item.dots:
        if item.dots > path.count("/"):
            yield "leaves its package: import absolutely across packages"
        return
    target = item.name.split(".")[0]
    if target == package:
        yield f"imports its own package {package} absolutely: import relatively inside a package"
    elif target in LAYERS and LAYERS.index(target) > LAYERS.index(package):
        yield f"{package} imports {target}: the order is {' <- '.join(LAYERS)}"
    if target in ("ray", "torch") and package in TORCH_FREE:
        yield f"{package} imports {target}: {' and '.join(TORCH_FREE)} know neither torch nor ray"
    elif target == "ray" and path not in RAY_FILES:
        yield f"imports ray: only {', '.join(RAY_FILES)} do"
    elif target in HEAVY and item.eager and not path.startswith(HEAVY_FOLDERS):
        yield f"imports {target} with the module: import it in the function that needs it"


def violations(root: Path) -> list[str]:
    """One line ``path:line: fault`` for each import under ``root`` that breaks a rule."""
    found = []
    for package in LAYERS:
        for file in sorted((root / package).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            for item in imports(ast.parse(file.read_text(encoding="utf-8"))):
                found += [f"{path}:{item.line}: {fault}" for fault in faults(path, item)]
    return found


def test_all_imports_follow_the_rules() -> None:
    assert violations(ROOT) == []


def test_importing_the_packages_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(LAYERS)}; sys.exit(sorted(set({HEAVY}) & set(sys.modules)) or None)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=True)


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        ("envs/a.py", "import planners.tree", "envs imports planners"),
        ("planners/a.py", "def f():\n    from agents import base", "planners imports agents"),
        ("llm_chat/a.py", "from scripts.evaluate import main", "llm_chat imports scripts"),
        ("agents/users/a.py", "from agents.base import Agent", "its own package agents absolutely"),
        ("agents/a.py", "from ..envs import make", "leaves its package"),
        ("envs/chat/a.py", "def f():\n    import torch.nn", "envs imports torch"),
        ("planners/a.py", "if TYPE_CHECKING:\n    import ray", "planners imports ray"),
        ("scripts/a.py", "def f():\n    import ray", "only agents/training/rllib.py"),
        ("agents/training/loop.py", "import ray", "only agents/training/rllib.py"),
        ("scripts/a.py", "try:\n    import torch\nfinally:\n    pass", "imports torch with the module"),
        ("scripts/bench/a.py", "class A:\n    import vllm.entrypoints", "imports vllm with the module"),
    ],
)
def test_checker_finds_a_broken_rule(tmp_path: Path, path: str, source: str, fault: str) -> None:
    write(tmp_path, path, source)
    (line,) = violations(tmp_path)
    assert line.startswith(f"{path}:")
    assert fault in line


def test_checker_accepts_what_the_rules_allow(tmp_path: Path) -> None:
    write(tmp_path, "envs/building/env.py", "import numpy\nfrom . import rules\nfrom ..testing import check")
    write(tmp_path, "planners/search.py", "from envs.building import world\nfrom .tree import Forest")
    write(tmp_path, "agents/predictors/torso.py", "import torch\nfrom planners import model")
    write(tmp_path, "agents/training/rllib.py", "import ray\nfrom ray.rllib.algorithms import ppo")
    write(tmp_path, "agents/base.py", "if TYPE_CHECKING:\n    import torch")
    write(tmp_path, "llm_chat/engine.py", "import agents.base\ndef f():\n    import transformers")
    write(tmp_path, "scripts/train.py", "def f():\n    from agents.training import rllib\n    import torch")
    assert violations(tmp_path) == []


def write(root: Path, path: str, source: str) -> None:
    """Write ``source`` to the file ``path`` under ``root``, making its folders."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(source, encoding="utf-8")
