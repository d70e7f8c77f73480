"""The atlas is the page of its rows, each row is whole, and a dozen of them say today what was recorded."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

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


def test_the_page_and_the_table_for_explain_are_made_from_the_rows():
    assert atlas.PAGE.read_text("utf-8") == atlas.page(ROWS), "run: make atlas"
    assert atlas.HTML.read_text("utf-8") == atlas.html(ROWS), "run: make atlas"
    assert atlas.LAYERS.read_text("utf-8") == atlas.layers(ROWS), "run: make atlas"
    assert atlas.LIBRARIES.read_text("utf-8") == atlas.tiles(ROWS), "run: make atlas"


def test_layers_correlate_and_what_does_not_is_named_in_the_claim_of_explain():
    table = json.loads(atlas.layers(ROWS))
    assert {one["verdict"] for one in table if one["kind"] == "layers"} == {"correlation"}
    assert [one["name"] for one in table if one["kind"] == "transposed" and one["verdict"] == "correlation"] == [
        "jax.lax.conv_transpose"
    ]
    assert {one["name"] for one in table if one["kind"] == "beside" and one["verdict"] == "convolution"} == {
        "mlx convolve",
        "jax.numpy.convolve",
        "Chromium feConvolveMatrix",
    }


def test_what_ends_its_process_takes_no_other_row_with_it(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(
        "import os, numpy\ndef ends(x, h):\n    os._exit(3)\ndef lives(x, h):\n    return numpy.convolve(x, h)\n"
    )
    rows = [
        {"source": "python", "package": "numpy", "target": [f"{mine}:{name}"]} for name in ("lives", "ends", "lives")
    ]
    rows[2]["options"] = {"fs": 8000}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    answers, end = atlas.apart(tmp_path / "rows.json", "numpy")
    assert [found["verdict"] for found in answers.values()] == ["convolution"] * 2
    assert "mine.py:ends" in end
    assert end.endswith("ended the process with 3")


def test_what_changed_is_told_and_written_down(tmp_path, monkeypatch, capsys):
    row = next(row for row in ROWS if row["target"] == ["numpy:convolve", "mode=full"])
    rows = [{**row, "found": {**row["found"], "verdict": "correlation"}}, {**row, "package": "not-a-package"}]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    monkeypatch.setattr(atlas, "ROWS", tmp_path)
    assert atlas.run(set()) == 0
    told = capsys.readouterr().out
    assert "numpy:convolve mode=full: convolution (verdict was correlation)" in told
    assert "not-a-package: not here, what was recorded stays" in told
    assert "1 rows asked in all, 0 gave no answer" in told
    assert json.loads((tmp_path / "rows.json").read_text())[0]["found"]["verdict"] == "convolution"


def test_what_is_installed_for_the_atlas_is_there_to_be_installed(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(atlas, "FOLDER", tmp_path / "build")
    monkeypatch.setattr(
        atlas.subprocess, "run", lambda call, check: called.append(call) or SimpleNamespace(returncode=0)
    )
    atlas.install(["python", "node"])
    ours = [call[at + 1] for call in called for at, word in enumerate(call) if word == "--editable"]
    assert ours == [str(DOCS.parent)]  # whose wheel holds flip-check, too
    assert (Path(ours[0]) / "pyproject.toml").is_file()
    assert any("numpy==" in pin for pin in (tmp_path / "build/pins.txt").read_text("utf-8").split())
    assert any(call[:2] == ["npm", "install"] for call in called)


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
