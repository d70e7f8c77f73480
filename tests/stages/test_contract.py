"""Every stage shipped keeps the contract, in every setting that its examples show and in some more."""

import numpy as np
import pytest

from pipeline.settings import descriptions
from pipeline.stages.base.registry import available_stages, stage_class, stage_from_settings
from pipeline.testing import CHECKS, parametrize_with_checks

SHIPPED = [source.name for source in available_stages() if source.distribution == "faltung"]
NEEDS_A_FILE = {"reverb"}

RNG = np.random.default_rng(7)
MORE = [
    {"use": "convolve", "taps": RNG.standard_normal(700).tolist(), "origin": 300},  # by transforms
    {"use": "convolve", "taps": RNG.standard_normal((900, 2)).tolist()},
    {"use": "convolve", "taps": RNG.standard_normal((5, 8)).tolist()},
    {"use": "correlate", "template": RNG.standard_normal(1500).tolist(), "normalize": "l2"},
    {"use": "echo", "delay": "3 samples", "feedback": -0.9},
    {"use": "echo", "delay": "10 ms", "t60": "100 ms", "repeats": 3},
    {"use": "smooth", "window": "exponential", "length": "2 ms", "phase": "zero"},
    {"use": "smooth", "window": "savgol", "length": "30 ms", "order": 4},
    {"use": "route", "to": "stereo"},
    {"use": "route", "to": "left"},
    {"use": "route", "matrix": [[0.5] * 8, [0] * 8]},
    {"use": "resample", "fs": "8 kHz"},
    {"use": "resample", "fs": 7999.5},
    {"use": "resample", "fs": 20},
    {"use": "match", "template": RNG.standard_normal(700).tolist(), "channels": "sum", "threshold": {"score": 0}},
    {"use": "match", "template": RNG.standard_normal((90, 2)).tolist(), "channels": "mean"},
    {"use": "match", "template": RNG.standard_normal((90, 8)).tolist(), "score": "correlation"},
    {"use": "parallel", "branches": [[{"use": "route", "to": "mono"}], [{"use": "route", "to": "left"}]]},
]


def _cases():
    """Everything but the stages that read a file; a stage without an example gives no case (and fails below)."""
    for name in SHIPPED:
        if name not in NEEDS_A_FILE:
            for example in getattr(stage_class(name), "examples", ()):
                yield stage_from_settings({"use": name, **example})
    yield from map(stage_from_settings, MORE)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_stage_shows_at_least_one_example_of_valid_settings(name):
    examples = getattr(stage_class(name), "examples", ())
    assert examples
    for example in examples:
        stage_class(name).model_validate(example)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_stage_and_every_setting_is_described(name):
    cls = stage_class(name)
    assert cls.use == name == cls.__module__.rpartition(".")[2]
    assert cls.__doc__
    assert set(cls.model_fields) <= set(descriptions(cls))
    assert all(descriptions(cls).values())


@parametrize_with_checks(list(_cases()))
def test_the_contract(stage, check):
    check(stage)


@parametrize_with_checks(
    [stage_class("resample")(fs="12 kHz", quality="high")],
    expected_failures={"check_linear": "below very_high soxr computes in single precision"},
)
def test_the_contract_of_quicker_resampling(stage, check):
    check(stage)


PATCHES = [
    {"template": RNG.standard_normal(700).tolist()},
    {"template": RNG.standard_normal((400, 2)).tolist(), "channels": "mean", "threshold": {"mad": 4}},
    {"template": RNG.standard_normal(900).tolist(), "spectrogram": {"window": "37 samples", "hop": "37 samples"}},
]


@parametrize_with_checks(
    [stage_from_settings({"use": "match", "domain": "spectrogram", **settings}) for settings in PATCHES],
    expected_failures={
        "check_time_invariant": "columns lie on a grid: a delay of no whole number of hops scores other windows"
    },
)
def test_the_contract_of_patches(stage, check):
    check(stage)


SUM_OF_STREAMS = {  # a rate change inside: no kernel
    "use": "parallel",
    "branches": [
        [{"use": "resample", "fs": "16 kHz"}, {"use": "resample", "fs": "8 kHz"}],
        [{"use": "smooth", "length": "20 ms", "phase": "zero"}, {"use": "delay", "delay": "30 ms"}],
        [],
    ],
}


@parametrize_with_checks(
    [stage_from_settings(SUM_OF_STREAMS)],
    expected_failures={
        "check_causal_but_for_its_latency": "soxr's filter looks into the future, and its latency is declared as 0",
        "check_time_invariant": "the same, seen from the other side: there is something before the signal",
    },
)
def test_the_contract_of_a_sum_of_streams(stage, check):
    check(stage)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_reverb_keeps_the_contract_with_files_of_any_layout(tmp_path, check, channels):
    response = np.random.default_rng(8).standard_normal((900, channels)) * 0.99 ** np.arange(900)[:, None]
    np.save(tmp_path / "ir.npy", response)
    reverb = stage_class("reverb")(ir=str(tmp_path / "ir.npy"), mix="40%", predelay="5 ms", normalize="l2")
    check(reverb)
