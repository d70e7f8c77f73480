"""Where a recording ends, by its last shard: a few frames, fewer than a template has, or fewer than were declared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_cluster.shards import render_shard, search_shard

from pipeline.batch.task import configuration_text
from pipeline.config.load import parse_config
from pipeline.dsp.threads import SerialExecutor
from pipeline.errors import ReadError
from pipeline.stages.base import Format
from pipeline.stages.match import Match

from .test_shards import done, settings_of

ECHO = "- {use: echo, delay: 100 ms, gain: -6 dB}"
MATCH = "- {use: match, template: call.wav, threshold: {score: 0.6}}"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """1000 frames at 1 kHz: with the echo's tail 1100 come out."""
    rng = np.random.default_rng(6)
    sf.write(tmp_path / "in.wav", rng.uniform(-0.5, 0.5, 1000), 1000, subtype="PCM_16")
    sf.write(tmp_path / "call.wav", rng.uniform(-0.5, 0.5, 50), 1000, subtype="FLOAT")
    return str(tmp_path / "in.wav")


def configuration(folder: Path, stages: str) -> str:
    return configuration_text(parse_config(f"version: 1\nstages:\n  {stages}\n", base=folder).settings, 1)


def test_a_rendered_shard_is_whole_or_an_error(source: str, tmp_path: Path) -> None:
    echo, part = configuration(tmp_path, ECHO), tmp_path / "part"
    render_shard(echo, source, 600, 1100, str(part))
    assert part.stat().st_size == 500 * 8
    with pytest.raises(ReadError, match=r"in\.wav: is not what it declares: a shard of 501 frames has 500"):
        render_shard(echo, source, 600, 1101, str(part))


def test_a_searched_shard_is_whole_or_an_error(source: str, tmp_path: Path) -> None:
    match = configuration(tmp_path, MATCH)
    assert search_shard(match, source, 0, 1000, ended=True).windows == 951
    with pytest.raises(ReadError, match=r"in\.wav: is not what it declares: a shard of 1001 frames has 1000"):
        search_shard(match, source, 0, 1001, ended=True)


@pytest.mark.parametrize("more", [1, 998, 999, 1000, 1001])
def test_a_search_ends_where_the_recording_does(tmp_path: Path, more: int) -> None:
    """The last window needs 999 frames behind its first: with no more than these there is no further shard."""
    rng = np.random.default_rng(9)
    call = rng.standard_normal(1000)
    grain = Match.model_validate({"template": call.tolist()}).search(Format(8000.0, 1)).grain
    x = 0.1 * rng.standard_normal(2 * grain + more)
    for at in (5, grain - 500, len(x) - 1000):
        x[at : at + 1000] += call
    sf.write(tmp_path / "in.wav", x, 8000, subtype="DOUBLE")
    sf.write(tmp_path / "call.wav", call, 8000, subtype="DOUBLE")
    settings = settings_of(MATCH, "", tmp_path)
    one, many = (
        done(settings, tmp_path / "in.wav", None, SerialExecutor(), [tmp_path / f"{cut}.csv"], cut=cut)
        for cut in (0, grain)
    )
    assert (many["status"], many["events"], many["shards"]) == ("done", one["events"], 2 + (more >= 999)), many
    assert one["events"] == 3
    assert (tmp_path / f"{grain}.csv").read_bytes() == (tmp_path / "0.csv").read_bytes()
