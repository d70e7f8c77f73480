"""A signal that is finite and an output that is not: the report says where, whichever block and piece it is in."""

import numpy as np
import pytest

from pipeline.engine.options import Options
from pipeline.io import OutputFormat, open_writer
from pipeline.job import Job, run_job
from pipeline.stages.gain import Gain


@pytest.fixture
def signal(tmp_path):
    """80,000 frames at 1e30, but for the frames 70,001 on, which are too large for what is done to them."""
    x = np.full((80_000, 2), 1e30, np.float32)
    x[70_001:, 1] = 3e38
    np.save(tmp_path / "x.npy", x)
    return tmp_path / "x.npy"


def job(**options):
    stages = (Gain(use="gain", gain=2.0),)
    return Job(stages, Options(precision="single", **options), {"fs": 8000.0}, OutputFormat("FLOAT"))


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("output", ["y.wav", "y.npy", None])
def test_the_first_frame_that_is_not_finite_is_told(signal, output):
    report = run_job(job(), signal, None if output is None else signal.with_name(output))
    why = "numbers grew too large for single precision; set precision: double"
    told = f"the output is not finite at frame 70001, though the input is: {why}"
    assert [note for note in report.warnings if "finite" in note] == [told]


@pytest.mark.filterwarnings("ignore:overflow")
def test_nothing_is_told_where_it_is_let_through(signal):
    report = run_job(job(nonfinite="propagate"), signal, signal.with_name("y.wav"))
    assert not [note for note in report.warnings if "finite" in note]
    assert report.written.peak == np.float32(2e30)


def test_a_writer_knows_the_first_frame_across_pieces(tmp_path):
    block = np.zeros((40_000, 2))
    block[33_000, 0], block[39_000, 1] = np.inf, np.nan
    with open_writer(tmp_path / "y.wav", fs=8000.0, channels=2, fmt=OutputFormat("DOUBLE")) as writer:
        writer.write(block[:10])
        assert writer.not_finite is None
        writer.write(block)
        assert writer.not_finite == 33_010
