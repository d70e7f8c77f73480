"""What the tests of stages share: running one, and reading off its kernel."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.base import Format

MONO, STEREO = Format(8000.0, 1), Format(8000.0, 2)


def run(stage, x, fs=8000.0):
    """All that comes out for ``x``, (frames,) or (frames, channels)."""
    x = np.asarray(x, np.float64)
    x = x[:, None] if x.ndim == 1 else x
    processor = stage.open(Format(fs, x.shape[1]))
    return np.concatenate([processor.process(x), processor.flush()])


def taps(stage, fmt=MONO):
    return stage.kernel(fmt).taps


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def refused(match, setting=None):
    """Settings are refused with this text, at this setting; ``""`` is the stage as a whole."""

    class Refused:
        def __enter__(self):
            self.raises = pytest.raises(SettingError, match=match)
            self.info = self.raises.__enter__()

        def __exit__(self, *error):
            done = self.raises.__exit__(*error)
            if setting is not None:
                error = self.info.value
                assert [one.path[:1] for one in (error, *error.others)] == [(setting,) if setting else ()]
            return done

    return Refused()
