"""The generic package names stay ours: the guard, what else is installed, and what pyproject.toml lists."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts._guard import DISTRIBUTION, PACKAGES, ROOT

TOP_LEVEL = (*PACKAGES, "scripts")


@pytest.fixture
def intruder(tmp_path: Path) -> Path:
    """A path entry with a package ``agents`` that the distribution ``fake-agents`` installed."""
    entry = tmp_path / "site"
    info = entry / "fake_agents-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-agents\nVersion: 1.0\n")
    (info / "RECORD").write_text("agents/__init__.py,,\nfake_agents-1.0.dist-info/METADATA,,\n")
    (info / "top_level.txt").write_text("agents\n")
    (entry / "agents").mkdir()
    (entry / "agents" / "__init__.py").write_text("raise RuntimeError('the guard must not import me')\n")
    return entry


def run_python(code: str, cwd: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in the folder ``cwd`` with ``path`` as PYTHONPATH and nothing of site-packages."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-S", "-c", code]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


def test_guard_passes_when_our_packages_come_first(tmp_path: Path, intruder: Path) -> None:
    result = run_python("import scripts", tmp_path, ROOT, intruder)
    assert (result.returncode, result.stderr) == (0, "")


def test_guard_imports_none_of_the_packages_it_checks(tmp_path: Path) -> None:
    code = f"import sys, scripts; sys.exit(sorted(set({PACKAGES}) & set(sys.modules)) or None)"
    result = run_python(code, tmp_path, ROOT)
    assert (result.returncode, result.stderr) == (0, "")


def test_guard_names_the_distribution_that_owns_an_intruder(tmp_path: Path, intruder: Path) -> None:
    result = run_python("import scripts", tmp_path, intruder, ROOT)
    assert result.returncode == 1
    assert f"`agents` comes from {intruder / 'agents'}" in result.stderr
    assert "`pip uninstall fake-agents`" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("file", ["envs/__init__.py", "envs.py"])
def test_guard_names_the_place_of_an_intruder_that_nobody_installed(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    result = run_python("import scripts", ROOT.parent, tmp_path, ROOT)
    assert result.returncode == 1
    assert f"take {tmp_path} off PYTHONPATH" in result.stderr


def test_guard_reports_a_package_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("__init__.py", "_guard.py"):
        (tmp_path / "scripts" / name).write_text((ROOT / "scripts" / name).read_text())
    result = run_python("import scripts", tmp_path, tmp_path)
    assert result.returncode == 1
    assert "`envs` is not a package in" in result.stderr


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_no_installed_distribution_brings_one_of_our_names(name: str) -> None:
    owners = set(metadata.packages_distributions().get(name, []))
    assert owners <= {DISTRIBUTION}


def test_the_listed_packages_are_those_in_the_tree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = project["tool"]["setuptools"]["packages"]
    folders = {module.parent for name in TOP_LEVEL for module in (ROOT / name).rglob("*.py")}
    assert sorted(listed) == sorted(".".join(folder.relative_to(ROOT).parts) for folder in folders)
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_dependency_is_pinned_to_a_version_in_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for text in chain(project["dependencies"], *project["optional-dependencies"].values()):
        requirement = Requirement(text)
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), text
