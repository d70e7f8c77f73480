"""The atlas is the page of its rows, each row is whole, and a dozen of them say today what was recorded."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from faltung_flipcheck.flip import flip_check

from pipeline import Kernel

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("atlas_of_flips", DOCS / "atlas.py")
assert spec is not None
assert spec.loader is not None
atlas = importlib.util.module_from_spec(spec)
spec.loader.exec_module(atlas)
ROWS = [row for rows in atlas.load().values() for row in rows]
DOZEN = [row for row in ROWS if row["source"] == "python" and row["package"] in ("numpy", "scipy", "pillow")][::3]


def test_the_page_is_made_from_its_rows():
    assert atlas.PAGE.read_text("utf-8") == atlas.page(ROWS), "run: make atlas"


def test_the_atlas_holds_a_hundred_functions_and_every_group():
    assert sum("found" in row for row in ROWS) >= 100
    assert {row["group"] for row in ROWS if "found" in row} == set(atlas.GROUPS)
    assert len({json.dumps([row["package"], row["target"], row.get("options")]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", DOZEN, ids=lambda row: " ".join(row["target"]))
def test_a_dozen_rows_say_what_was_recorded(row):
    found = atlas.ask(row)
    assert not atlas.differs(found, row["found"]), found


def test_a_change_of_behaviour_is_noticed_and_a_last_digit_is_not():
    row = DOZEN[0]["found"]
    assert atlas.differs({**row, "verdict": "correlation"}, {**row, "verdict": "convolution"})
    assert atlas.differs({**row, "origin": [9]}, row)
    assert not atlas.differs({**row, "gain": 1.0000001}, row)
    assert atlas.differs(row, None)


@pytest.mark.parametrize("origin", [0, 1, 2])
@pytest.mark.parametrize("target", ["numpy", "scipy.signal", "scipy.ndimage"])
def test_a_recipe_of_the_page_convolves_in_the_eyes_of_flip_check(target, origin):
    import scipy

    port = Kernel([4, 2, 1], origin).for_(target)
    known = {"w": port.weights, "numpy": np, "scipy": scipy}
    found = flip_check(lambda x: eval(port.call, {**known, "x": x}), [4, 2, 1])
    assert (found.verdict, found.origin, found.edges) == ("convolution", (origin,), "zeros")
