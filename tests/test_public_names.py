"""The public names: each is there, once, and importing the package alone imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pipeline


@pytest.mark.parametrize("name", pipeline.__all__)
def test_a_public_name_can_be_had(name: str) -> None:
    assert getattr(pipeline, name) is not None
    assert name in dir(pipeline)


def test_every_name_has_a_home_and_no_other_name_is_public() -> None:
    assert sorted(pipeline.__all__) == sorted(name for names in pipeline._HOMES.values() for name in names.split())
    with pytest.raises(AttributeError, match="module 'pipeline' has no attribute 'konvolve'"):
        _ = pipeline.konvolve


def test_importing_the_package_imports_nothing_but_itself() -> None:
    program = "import sys; before = set(sys.modules); import pipeline; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in eval(done.stdout)}
    assert loaded - set(sys.stdlib_module_names) == {"pipeline"}
