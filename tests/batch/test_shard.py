"""A recording in shards comes out as in one pass, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.batch.driver import Here
from pipeline.batch.local import LocalExecutor
from pipeline.batch.shard import run_sharded
from pipeline.config.load import parse_config
from pipeline.errors import SettingError
from pipeline.job import Job, run_job

FS, FRAMES = 8000, 700_001

CHAINS = {
    "groups, one sparse over 10 s": "- {use: reverb, ir: room.wav}\n- {use: echo, delay: 10 s, gain: -6 dB}",
    "short": "- {use: convolve, taps: [1, 0.5]}",
    "latency": "- {use: fir, kind: lowpass, cutoff: 1 kHz, transition: 20 Hz, phase: zero}\n- {use: gain, gain: -3 dB}",
}
OPTIONS = {
    "double": "",
    "single": "precision: single\n",
    "pre_roll": "pre_roll: keep\n",
    "trimmed": "tail: trim\n",
    "held": "edges: hold\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    rng = np.random.default_rng(4)
    sf.write(folder / "in.wav", rng.uniform(-0.7, 0.7, (FRAMES, 2)), FS, subtype="PCM_16")
    sf.write(folder / "room.wav", 0.1 * rng.standard_normal(30_000), FS, subtype="FLOAT")
    (folder / "cut").mkdir()  # dither follows from the name of a file, so that of both is the same
    return folder


def settings_of(chain: str, options: str, place: Path):
    stages = "".join(f"  {line}\n" for line in chain.splitlines())
    text = f"version: 1\nformat: {{subtype: PCM_16, dither: tpdf}}\n{options}stages:\n{stages}"
    return parse_config(text, base=place).settings


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("chain", CHAINS)
def test_shards_are_one_pass_bit_for_bit(place, chain, options):
    settings = settings_of(CHAINS[chain], OPTIONS[options], place)
    one = run_job(Job.of(settings), place / "in.wav", place / "y.wav", overwrite=True)
    for frames in (300_000, 20_001):
        cut = run_sharded(settings, place / "in.wav", place / "cut" / "y.wav", Here(), frames, overwrite=True)
        assert (place / "cut" / "y.wav").read_bytes() == (place / "y.wav").read_bytes()
        assert (cut.written.peak, cut.written.clipped, cut.frames_in) == (one.written.peak, one.written.clipped, FRAMES)
    assert not list(place.glob(".*"))


def test_workers_do_them_too(place):
    settings = settings_of(CHAINS["latency"], "", place)
    run_job(Job.of(settings), place / "in.wav", place / "y.wav", overwrite=True)
    with LocalExecutor(2) as executor:
        run_sharded(settings, place / "in.wav", place / "cut" / "y.wav", executor, 200_000, overwrite=True)
    assert (place / "cut" / "y.wav").read_bytes() == (place / "y.wav").read_bytes()


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ("- {use: reverse}", r"stages\[0\]: 'reverse' is no kernel, so a shard of its output may need the whole input"),
        ("- {use: resample, fs: 16 kHz}", r"stages\[0\]: 'resample' is no kernel"),
    ],
)
def test_what_may_need_the_whole_input_is_refused(place, chain, said):
    settings = settings_of(chain, "", place)
    with pytest.raises(SettingError, match=said):
        run_sharded(settings, place / "in.wav", place / "no.wav", Here(), 1000)
    assert not (place / "no.wav").exists()
