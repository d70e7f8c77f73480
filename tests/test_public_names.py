"""The public names: each is there, once, and importing the package alone imports nothing heavy."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import faltung_measure
import pytest

import pipeline
import pipeline.testing
from pipeline.errors import PluginError
from pipeline.stages.base import registry


@pytest.mark.parametrize("name", pipeline.__all__)
def test_a_public_name_can_be_had(name: str) -> None:
    assert getattr(pipeline, name) is not None
    assert name in dir(pipeline)


def test_every_name_has_a_home_and_no_other_name_is_public() -> None:
    assert sorted(pipeline.__all__) == sorted(
        word.partition("=")[0] for names in pipeline._HOMES.values() for word in names.split()
    )
    with pytest.raises(AttributeError, match="module 'pipeline' has no attribute 'konvolve'"):
        _ = pipeline.konvolve


def test_importing_the_package_imports_nothing_but_itself() -> None:
    program = "import sys; before = set(sys.modules); import pipeline; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in eval(done.stdout)}
    assert loaded - set(sys.stdlib_module_names) == {"pipeline"}


DOCUMENTED = [
    (module, name)
    for module in (pipeline, pipeline.testing, faltung_measure)
    for name in module.__all__
    if inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name))
]


@pytest.mark.parametrize(("module", "name"), DOCUMENTED, ids=[name for _, name in DOCUMENTED])
def test_a_public_name_says_what_it_gives_and_its_example_runs(
    module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "configs").symlink_to(Path(__file__).parents[1] / "configs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))  # the example of `stage` registers one
    thing = getattr(module, name)
    text = inspect.getdoc(thing) or ""
    gives_nothing = inspect.isfunction(thing) and inspect.signature(thing).return_annotation == "None"
    assert inspect.isclass(thing) or gives_nothing or "\nReturns\n-------\n" in text
    names = {**vars(pipeline), **{one: getattr(home, one) for home in (pipeline, module) for one in home.__all__}}
    found = doctest.DocTestFinder().find(thing, name, module=inspect.getmodule(thing), globs=names)  # of methods, too
    assert found[0].examples
    runner = doctest.DocTestRunner()
    assert [example.name for example in found if runner.run(example).failed] == []


def test_a_bundled_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faltung_flipcheck", None)  # type: ignore[arg-type]  # as if it were not installed
    monkeypatch.delitem(sys.modules, "faltung_flipcheck.flip", raising=False)
    monkeypatch.delitem(vars(pipeline), "flip_check", raising=False)
    with pytest.raises(PluginError, match=r"flip_check needs the package faltung_flipcheck, which faltung brings"):
        _ = pipeline.flip_check


@pytest.mark.parametrize(
    ("module", "call", "what"),
    [
        ("faltung_containers.ports", lambda _: pipeline.Kernel([1.0]).for_("torch"), "a kernel for another library"),
        ("faltung_codecs.mpeg", pipeline.read, "such a file"),
    ],
)
def test_what_asks_for_it_is_named_too(
    module: str, call: Any, what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "x.mp3").write_bytes(b"ID3" + bytes(100))
    package = module.partition(".")[0]
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    with pytest.raises(PluginError, match=f"^{what} needs the package {package}, which faltung brings"):
        call(tmp_path / "x.mp3")
