"""`faltung plan`: numbers, sentences and steps, for people and as JSON; it runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Done, write_noise

Faltung = Callable[..., Done]

CHAIN = """\
version: 1
input: in.wav
output: out.wav
stages:
  - {use: echo, delay: 10.03 ms, gain: -6 dB, repeats: 2}
  - {use: smooth, id: soft, length: 21 samples, phase: zero}
  - {use: normalize}
"""


@pytest.fixture
def chain(place: Path) -> Path:
    (place / "chain.yaml").write_text(CHAIN, "utf-8")
    return place / "chain.yaml"


def test_a_plan_reads_from_the_stages_to_the_file(faltung: Faltung, chain: Path) -> None:
    done = faltung("plan", "chain.yaml")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "plan for 2 channels at 8 kHz, in double precision"
    assert "0 echo 161 20.1 ms 160 1.752 1.752 +4.87 +4.87" in lines
    assert "1 soft (smooth) 21 2.62 ms 10 1.000 1.000 0.00 0.00" in lines
    assert "1 soft (smooth) not causal: needs 10 future frames (1.25 ms)" in lines
    assert "symmetric: its own reversal, so the flip cannot be seen (asymmetry 0)" in lines
    assert any(line.startswith("delay: 0.0100") and "rounded to 80" in line for line in lines)
    assert "2 normalize needs the whole signal; not linear and not time-invariant" in lines
    assert any(line.startswith("2 passes over the signal, about ") for line in lines)
    assert lines[-2] == "in.wav 1,000 0.125 s WAV PCM_16"
    assert lines[-1] == "→ out.wav 1,170 0.146 s WAV PCM_16 4.7 kB"
    assert not (chain.parent / "out.wav").exists()


def test_the_json_of_a_plan_has_every_number(faltung: Faltung, chain: Path) -> None:
    data = faltung("plan", "chain.yaml", "--json").json
    (plan,) = data["plans"]
    echo, smooth, normalize = plan["stages"]
    assert (echo["causal"], echo["kernel"]["taps"], echo["kernel"]["nonzero_taps"]) == (True, 161, 3)
    assert (smooth["id"], smooth["causal"], smooth["latency_frames"]) == ("soft", False, 10)
    assert normalize["kernel"] is None
    assert [step["stages"] for step in plan["steps"]][-1] == [2]
    assert {0, 1} == {stage for step in plan["steps"][:-1] for stage in step["stages"]}
    assert (plan["passes"], plan["fs"], plan["channels"]) == (2, 8000, 2)
    assert plan["memory_bytes"] > 10_000_000
    assert data["files"][0]["frames"] == 1170


def test_the_frames_and_bytes_that_were_predicted_are_those_written(faltung: Faltung, chain: Path) -> None:
    predicted = faltung("plan", "chain.yaml", "--json").json["files"][0]
    written = faltung("run", "chain.yaml", "--json").json["files"][0]
    for name in ("frames", "fs", "channels", "duration_s", "container", "subtype"):
        assert predicted[name] == written[name]
    assert 0 <= written["bytes"] - predicted["bytes"] < 200


def test_a_signal_that_is_not_there_is_described(faltung: Faltung, place: Path) -> None:
    (place / "bare.yaml").write_text("version: 1\nstages: [{use: echo, delay: 1 s}]\n", "utf-8")
    done = faltung("plan", "bare.yaml", "--fs", "48 kHz", "--channels", "3")
    assert (done.code, done.out.splitlines()[0]) == (0, "plan  for 3 channels at 48 kHz, in double precision")
    refused = faltung("plan", "bare.yaml")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "faltung: no input; name a file, or describe the signal: --fs 48000 --channels 2\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--channels", "2"], "--channels describes a signal together with --fs"),
        (["--fs", "48 kHzz"], "unknown unit 'kHzz' of a frequency"),
        (["--fs", "0"], "--fs must be 1e-30 to 1e+30 Hz, got 0"),
        (["--fs", "8000", "in.wav"], "--fs describes a signal that is not there"),
        (["-s", "soft.length=1 us"], "-s soft.length=1 us: stages[1].length"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(args: list[str], words: str, faltung: Faltung, chain: Path) -> None:
    done = faltung("plan", "chain.yaml", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_inputs_of_two_rates_are_two_plans_and_one_list(faltung: Faltung, chain: Path, place: Path) -> None:
    write_noise(place / "other.wav", fs=16_000)
    write_noise(place / "third.wav")
    done = faltung("plan", "chain.yaml", "in.wav", "other.wav", "third.wav", "-o", "{stem}-o.wav")
    assert done.code == 0
    assert done.out.count("plan  for ") == 2
    assert done.out.count("→ ") == 3
    assert done.out.count("  8 kHz   2  WAV PCM_16") == 4


def test_a_chain_of_nothing_says_so(faltung: Faltung, place: Path) -> None:
    (place / "off.yaml").write_text("version: 1\nstages: [{use: gain, gain: 2, enabled: false}]\n", "utf-8")
    assert "the signal passes as it is" in faltung("plan", "off.yaml", "--fs", "8000").out


def test_a_kernel_of_zeros_is_infinitely_quiet_and_still_json(faltung: Faltung, place: Path) -> None:
    (place / "zero.yaml").write_text("version: 1\nstages: [{use: gain, gain: 0}]\n", "utf-8")
    assert "-inf" in faltung("plan", "zero.yaml", "--fs", "8000").out
    data = faltung("plan", "zero.yaml", "--fs", "8000", "--json").json
    assert data["plans"][0]["stages"][0]["kernel"]["peak_gain_db"] is None
