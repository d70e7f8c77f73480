"""The rules of the house hold in every file: imports run downward, modules are short and open with a docstring."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipeline"

FLOORS = (
    {"text"},
    {"errors"},
    {"limits"},
    {"system"},
    {"plugins"},
    {"pages"},
    {"drawing"},
    {"units"},
    {"fields"},
    {"problems"},
    {"settings"},
    {"kernel"},
    {"dsp"},
    {"io"},
    {"stages"},
    {"engine"},
    {"config"},
    {"match"},
    {"job"},
    {"library"},
    {"batch"},
    {""},  # pipeline/__init__.py itself, the public names
    {"runs"},
    {"testing"},
    {"cli"},
)
"""Low to high: a module imports from its own part and from lower floors, never from a neighbour or from above."""

LEVEL = {part: level for level, parts in enumerate(FLOORS) for part in parts}

FORBIDDEN = tuple(
    "".join(pieces)
    for pieces in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("registry.", "npmjs"),
        ("crates", ".io"),
        ("conda.", "anaconda"),
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/tmp/", "bash_jobs"),
    )
)
"""Places that belong to one machine or one network, in pieces so that this file may be searched too."""

MODULES = sorted(PACKAGE.rglob("*.py"))
BESIDE = sorted((ROOT / "plugins").glob("*/src/**/*.py"))
"""Modules of the packages beside the core, which use it as any other package may."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[3:] if parts[0] == "plugins" else parts).removesuffix(".__init__")  # plugins/NAME/src/...


def part_of(module: str) -> str:
    """``pipeline.engine.plan`` is part of ``engine``; ``pipeline`` and its public names are part of ``""``."""
    first = module.split(".")[1] if "." in module else ""
    known = first in LEVEL or (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").is_file()
    return first if known else ""


def without_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, except the bodies of ``if TYPE_CHECKING:``."""
    yield node
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
        children = list(node.orelse)
    for child in children:
        yield from without_type_checking(child)


def imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module of ``package`` imports, anywhere in it."""
    for node in without_type_checking(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                outer = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*outer, base] if base else outer)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from ((node.lineno, arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant))


def upward(tree: ast.Module, module: str, is_package: bool = False) -> list[str]:
    """The imports of a module that do not run downward."""
    package = module if is_package else module.rpartition(".")[0]
    here = part_of(module)
    found = []
    for line, name in imports(tree, package):
        if name.split(".")[0] != "pipeline":
            continue
        there = part_of(name)
        if there != here and LEVEL.get(there, len(FLOORS)) >= LEVEL.get(here, -1):
            found.append(f"line {line}: {module} imports {name}")
    return found


def test_every_part_has_a_floor():
    parts = {part_of(module_name(path)) for path in MODULES}
    assert parts - set(LEVEL) == set(), "a new part of pipeline/ needs a place in FLOORS"


def test_imports_run_downward():
    modules = [path for path in MODULES if path != PACKAGE / "__init__.py"]  # the public names come from everywhere
    found = {name_of(path): upward(tree_of(path), module_name(path), path.name == "__init__.py") for path in modules}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.kernel", "import pipeline.engine"),
        ("pipeline.kernel", "from pipeline.stages.base import Stage"),
        ("pipeline.kernel", "from pipeline import cli"),
        ("pipeline.kernel", "from pipeline import Pipeline"),
        ("pipeline.kernel", "def f():\n    from .stages import base"),
        ("pipeline.kernel", "import importlib\nimportlib.import_module('pipeline.config.load')"),
        ("pipeline.stages.echo", "from ..engine import plan"),
        ("pipeline.match.peaks", "from pipeline.batch import report"),
        ("pipeline.job", "from pipeline import library"),
        ("pipeline.io.wav", "if TYPE_CHECKING:\n    pass\nelse:\n    import pipeline.cli"),
    ],
)
def test_an_import_upward_or_sideways_is_found(module, source):
    assert len(upward(ast.parse(source), module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.stages.echo", "from pipeline.stages.base import KernelStage\nfrom . import registry"),
        ("pipeline.stages.echo", "from pipeline.kernel import Kernel\nfrom ..dsp import windows"),
        ("pipeline.kernel", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline.cli import main"),
        ("pipeline.cli", "from pipeline import Pipeline"),
        ("pipeline.kernel", "import numpy as np"),
    ],
)
def test_an_import_downward_or_for_types_alone_is_allowed(module, source):
    assert upward(ast.parse(source), module) == []


def test_every_module_opens_with_a_docstring():
    assert [name_of(path) for path in MODULES + BESIDE if not ast.get_docstring(tree_of(path))] == []


def test_every_module_stays_under_400_lines():
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES + BESIDE}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


def sorting_key(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions, each in alphabetical order: what ruff's RUF022 asks for."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


def test_every_all_is_sorted():
    for path in MODULES + BESIDE:
        for node in tree_of(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                names = ast.literal_eval(node.value)
                assert list(names) == sorted(set(names), key=sorting_key), name_of(path)


def foreign(tree: ast.Module, module: str) -> list[str]:
    """The imports of a module that the core or a package beside it may not have."""
    packages = {module_name(path).split(".")[0] for path in BESIDE}
    named = [(line, name.split(".")) for line, name in imports(tree, module.rpartition(".")[0])]
    own = module.split(".")[0]
    if own == "pipeline":
        return [f"line {line}: {module} imports {parts[0]}" for line, parts in named if parts[0] in packages]
    private = [(line, parts) for line, parts in named if any(re.match("_[^_]", part) for part in parts)]
    return [f"line {line}: {module} imports {'.'.join(parts)}" for line, parts in private if parts[0] == "pipeline"] + [
        f"line {line}: {module} imports {parts[0]}" for line, parts in named if parts[0] in packages - {own}
    ]


def test_the_core_imports_nothing_of_the_packages_beside_it_and_they_nothing_private():
    modules = [
        path for path in MODULES + BESIDE if path != PACKAGE / "__init__.py"
    ]  # that imports what it is asked for
    assert [found for path in modules for found in foreign(tree_of(path), module_name(path))] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.runs.work", "def f():\n    import faltung_measure.page"),
        ("pipeline.cli.commands", "from faltung_measure import sweep"),
        ("faltung_measure.page", "from pipeline.io.sink import _partial"),
        ("faltung_measure.page", "from pipeline._hidden import thing"),
        ("faltung_measure.page", "from faltung_iir import Biquad"),
    ],
)
def test_an_import_across_the_border_is_found(module, source):
    if "faltung_iir" in source and not any("faltung_iir" in str(path) for path in BESIDE):
        pytest.skip("not there")
    assert len(foreign(ast.parse(source), module)) == 1


@pytest.mark.parametrize("source", ["from pipeline.io import read_signal", "from ._own import x", "import numpy._core"])
def test_what_any_package_may_import_is_allowed(source):
    assert foreign(ast.parse(source), "faltung_measure.page") == []


def test_a_package_without_a_project_of_its_own_is_bundled_and_its_types_are_checked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = {path.parent for path in BESIDE if path.name == "__init__.py" and path.parents[1].name == "src"}
    ours = sorted(path for path in folders if not (path.parents[1] / "pyproject.toml").exists())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert wheel == ["pipeline", *(name_of(path) for path in ours)]
    assert project["tool"]["mypy"]["packages"] == ["pipeline", *(path.name for path in ours)]
    points = [point for group in project["project"]["entry-points"].values() for point in group.values()]
    assert {re.split("[.:]", point)[0] for point in points} <= {path.name for path in ours}  # the rest by `bundled`


def test_click_is_never_imported_directly():
    named = [
        (name_of(path), *found) for path in MODULES + BESIDE for found in imports(tree_of(path), module_name(path))
    ]
    assert [one for one in named if one[2].split(".")[0] == "click"] == [], "typer carries its own click"


def test_only_the_command_line_prints():
    silent = [path for path in MODULES + BESIDE if part_of(module_name(path)) != "cli"]
    calls = [(path, node) for path in silent for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    printing = [(path, call) for path, call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert [f"{name_of(path)}:{call.lineno}" for path, call in printing] == []


def project_files() -> list[Path]:
    """What git tracks or would; in an unpacked release, where there is no git, everything beside hidden folders."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        listed = [str(path) for path in paths if not path.parts[0].startswith(".") and path.parts[0] != "out"]
    return sorted(ROOT / name for name in listed if name and (ROOT / name).is_file())


def test_no_file_speaks_of_one_machine_or_network():
    found = []
    for path in project_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FORBIDDEN if word in text]
    assert found == []
