"""No sentence about a run without its check: each is tried against sums by scipy, for the gallery and other kinds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile as sf
from faltung_explain.bilingual import texts_of
from faltung_explain.claims.images import HOOK
from faltung_explain.excerpt import excerpt, whole_numbers
from faltung_explain.listening import for_listening
from faltung_explain.said import is_room, likeness, sentences
from faltung_explain.sounds import make_sounds
from faltung_explain.subject import Subject, subject_of

from pipeline import Pipeline
from pipeline.config.load import load_config

from .conftest import ROOT
from .test_explain import GALLERY, config

FS = 8000
NOISE = np.random.default_rng(4)


def hall(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * FS)) / FS
    return np.random.default_rng(5).standard_normal(len(t)) * 10 ** (-3 * t / seconds)


def echo_after(seconds: float) -> np.ndarray:
    h = np.zeros(round(seconds * FS) + 1)
    h[0], h[-1] = 1, 0.5
    return h


HANN = np.hanning(223)[1:-1]
KERNELS = {
    "1 tap": (np.array([0.5]), 0),
    "2 taps": (np.array([1.0, 0.5]), 0),
    "a delay": (np.eye(1, 300, 299)[0], 0),
    "a long hall": (hall(3.0), 0),
    "a hall of 30 s": (hall(30.0), 0),
    "symmetric": (HANN, 110),
    "symmetric, causal": (HANN, 0),
    "antisymmetric": (np.diff(HANN), 109),
    "half of it ahead": (np.arange(1.0, 402), 200),
    "the future alone": (np.arange(1.0, 402), 400),
    "a difference": (np.array([1.0, 0, -1]), 1),
    "an echo after 5 s": (echo_after(5), 0),
    "an echo after 60 s": (echo_after(60), 0),
}


SHARED = ROOT.parent / "shared" / "data"


def signals():
    found = {name: sf.read(ROOT / "data" / f"{name}.wav")[0] for name in ("speech_like", "drums", "pluck")}
    found = {name: x[:, 0] if x.ndim == 2 else x for name, x in found.items()}
    found["ecg"] = np.genfromtxt(ROOT / "data" / "ecg.csv", delimiter=",", skip_header=1)[:, -1]
    return {name: x - (x.mean() if name == "ecg" else 0) for name, x in found.items()}


SIGNALS = signals()


COMPUTED = {
    f"{words} is {letter}.": letter
    for letter, start in (("A", "What this stage computes"), ("B", "This stage correlates: what it computes"))
    for words in (start, f"{start} along the path shown")
}


def seconds_in(text):
    clock = re.search(r"(\d+):(\d\d):(\d\d\.\d)", text)
    if clock:
        return sum(float(part) * unit for part, unit in zip(clock.groups(), (3600, 60, 1), strict=True))
    value, unit = re.search(r"([\d.]+) (s|ms|µs)\b", text).groups()
    return float(value) / {"s": 1, "ms": 1e3, "µs": 1e6}[unit]


def check(subject):
    """Every sentence, number and frame that is shown of a subject, against sums by scipy."""
    heard = for_listening(subject)
    x, h, o = heard.x, heard.h, heard.origin
    length, pre = len(x) + 2 * (len(h) - 1), len(h) - 1
    dry, a, b = np.zeros(length), np.zeros(length), np.zeros(length)
    dry[pre : pre + len(x)] = x
    a[pre - o : pre - o + len(x) + pre] = scipy.signal.convolve(x, h)
    b[o : o + len(x) + pre] = scipy.signal.correlate(x, h)
    most = max(np.abs(a).max(), np.abs(b).max()) or 1.0
    apart = np.abs(a - b).max() / most
    begins = [int(np.flatnonzero(np.abs(s) >= 1e-4 * np.abs(s).max())[0]) for s in (dry, a, b)]
    ends = [int(np.flatnonzero(np.abs(s) >= 1e-4 * np.abs(s).max())[-1]) for s in (dry, a, b)]
    said = [one["en"] for one in sentences(subject, heard, make_sounds(x, h, heard.fs, o))]
    pace = heard.times / heard.fs
    for text in said:
        if "differ by up to" in text:
            assert float(re.search(r"([\d.e+-]+) %", text)[1]) == pytest.approx(100 * apart, rel=0.06)
        elif "are the same" in text:
            assert apart < 1e-9
        elif "sign turned" in text:
            assert np.abs(a + b).max() < 1e-9 * most
        elif "B is A" in text:
            late = round(seconds_in(text) / pace)
            np.testing.assert_allclose(a[late:], b[: len(b) - late], atol=1e-9 * most)
        elif text.startswith("B begins"):
            assert seconds_in(text) == pytest.approx((begins[1] - begins[2]) * pace, rel=0.01, abs=2 * pace)
            assert begins[2] < begins[0]  # before its cause
        elif "before B" in text:
            assert seconds_in(text) == pytest.approx((begins[2] - begins[1]) * pace, rel=0.01, abs=2 * pace)
            first, last = np.flatnonzero(h)[[0, -1]]
            assert o - first > last - o  # further ahead than back
        elif "before the signal" in text:
            assert seconds_in(text) == pytest.approx(min(begins[0] - begins[1], o) * pace, rel=0.01, abs=2 * pace)
            assert int(re.search(r"tap ([\d,]+)", text)[1].replace(",", "")) == subject.origin > 0
        elif "goes on for" in text:
            reach = len(h) - 1 - o  # what is quieter than the signal is heard longer, but no kernel reaches further
            assert seconds_in(text) == pytest.approx(min(ends[1] - ends[0], reach) * pace, rel=0.01, abs=2 * pace)
        elif "looks for a pattern" in text or "fit whole" in text:
            assert subject.searches
        else:
            assert subject.correlates == (COMPUTED[text] == "B")
            assert ("path" in text) == (len(subject.paths) > 1)
    assert (apart < 1e-9) == any("are the same" in text for text in said)
    assert (apart >= 1e-9) == any("differ" in text or "sign turned" in text for text in said)
    check_excerpt(subject)
    return heard, said


def check_excerpt(subject):
    """No frame outside the file, whole numbers, and sums that add up."""
    cut = excerpt(subject)
    example, end = cut.example, subject.start + len(subject.x)
    assert all(subject.start <= frame < end for frame in cut.frames)
    assert len(cut.frames) == len(example.x)
    at = np.array(cut.frames) - subject.start
    one_x, one_h = (float(one) for one in re.findall(r"a 1 stands for ([^,;]+)", cut.name["en"]))
    first, last = (int(n.replace(",", "")) for n in re.search(r"taps ([\d,]+) to ([\d,]+) of", cut.name["en"]).groups())
    taps = subject.h[first : last + 1 : (last - first) // max(1, len(example.h) - 1) or 1]
    np.testing.assert_allclose(example.x, subject.x[at] / one_x, atol=0.55)
    np.testing.assert_allclose(example.h, taps / one_h, atol=0.55)
    told = re.search(r"hold ([\d.e-]+) % of its energy", cut.name["en"])
    share = (taps**2).sum() / ((subject.h**2).sum() or np.inf)
    if told is not None:
        assert float(told[1]) == pytest.approx(100 * share, rel=0.06)
    else:
        assert share >= 0.99 or not subject.h.any()
    for values in (example.x, example.h):
        assert (values == np.rint(values)).all()
        assert np.abs(values).max() <= 9
    for kind in ("convolve", "correlate"):
        for n, total in zip(example.n.tolist(), example.output(kind).tolist(), strict=True):
            assert sum(term.product for term in example.terms(n, kind)) == total


@pytest.mark.parametrize("name", GALLERY)
def test_all_that_is_said_of_the_gallery_is_so(name):
    loaded = load_config(ROOT / "configs" / f"{name}.yaml")
    source = sorted((ROOT / "data").glob("*ck*.wav"))[0] if name == "batch" else _input(loaded)
    check(subject_of(loaded, source))


@pytest.mark.parametrize("name", [name for name in GALLERY if name not in ("batch", "match")])
def test_what_the_stage_computes_is_the_sound_that_is_said(name):
    loaded = load_config(ROOT / "configs" / f"{name}.yaml")
    subject = subject_of(loaded, _input(loaded))
    stage = next(s for s in loaded.settings.stages if subject.stage in (s.use, f"{s.id} ({s.use})"))
    if len(subject.paths) > 1:
        pytest.skip("its output is a sum over paths")
    out = Pipeline([stage])(subject.x[:, None], subject.fs)[:, 0]
    full, before = scipy.signal.convolve(subject.x, subject.h), subject.origin
    if subject.correlates:
        full, before = scipy.signal.correlate(subject.x, subject.h), len(subject.h) - 1
    count = min(len(subject.x), len(out))
    meant = full[before : before + count]
    np.testing.assert_allclose(out[:count], meant, atol=1e-5 * np.abs(meant).max())


def _input(loaded) -> Path:
    from pipeline.runs.work import sources_of

    return Path(sources_of(loaded, ())[0][0])


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_all_that_is_said_of_other_kernels_is_so(signal, kernel):
    h, origin = KERNELS[kernel]
    x = SIGNALS[signal][: 6 * FS]
    heard, _ = check(Subject(x, h, FS, signal, kernel, origin=origin))
    assert np.count_nonzero(heard.h) == np.count_nonzero(h) or heard.times > 1
    if kernel == "an echo after 60 s":
        assert "its times are 5 times shorter" in heard.warning["en"]
    if kernel == "a hall of 30 s":
        assert "1.5 times as fast" in heard.warning["en"]


@pytest.mark.parametrize("recording", ["speech", "music", "bio", "timeseries"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_all_that_is_said_of_recordings_is_so(recording, kernel):
    found = sorted((SHARED / recording).rglob("*.wav"))
    if not found:
        pytest.skip(f"no recording in {SHARED / recording}")
    x, fs = sf.read(found[0], always_2d=True, frames=6 * FS)
    if not x[:, 0].any():
        pytest.skip("it begins with silence")
    h, origin = KERNELS[kernel]
    check(Subject(x[:, 0], h, fs, recording, kernel, origin=origin))


@pytest.mark.parametrize("signal", SIGNALS)
def test_all_that_is_said_of_each_path_of_true_stereo_is_so(signal, tmp_path):
    rate = 360 if signal == "ecg" else FS
    x = SIGNALS[signal][: 3 * FS]
    sf.write(tmp_path / "ir.wav", NOISE.standard_normal((90, 4)), rate, subtype="FLOAT")
    sf.write(tmp_path / "in.wav", np.stack([x, np.roll(x, 40)], axis=1), rate, subtype="FLOAT")
    loaded = config([{"use": "reverb", "ir": str(tmp_path / "ir.wav"), "layout": "true_stereo"}])
    check(subject_of(loaded, tmp_path / "in.wav"))


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        ({}, True),
        ({"is_table": True}, False),
        ({"searches": "ncc"}, False),
        ({"correlates": True}, False),
        ({"origin": 5}, True),  # 0.6 ms: no ear can tell
        (
            {"h": np.r_[0.2 * np.exp(np.arange(-200, 0) / 3), hall(1.0)], "origin": 200},
            True,
        ),  # as resampling rings
        ({"origin": round(0.02 * FS)}, False),
        ({"h": np.ones(300)}, False),
        ({"h": np.eye(1, 900)[0]}, False),
    ],
)
def test_only_a_room_is_asked_for_as_a_room(change, is_one):
    assert (
        is_room(Subject(**{"x": SIGNALS["drums"], "h": hall(1.0), "fs": FS, "signal": "", "stage": "", **change}))
        is is_one
    )


def test_a_kernel_of_zeros_gives_silence_and_nothing_else_is_said():
    _, said = check(Subject(SIGNALS["drums"], np.zeros(50), FS, "drums", "nothing"))
    assert said == ["Here A, convolved, and B, correlated, are the same: silence."]


def test_a_kernel_that_is_the_future_alone_needs_it_and_its_mirror_does_not():
    h, origin = KERNELS["the future alone"]
    _, said = check(Subject(SIGNALS["drums"], h, FS, "drums", "ahead", origin=origin))
    assert any("so it needs the future" in text for text in said)
    assert not any("too" in text for text in said)


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ({}, "it computes B, normalised."),
        ({"score": "correlation"}, "it computes B."),
        ({"score": "matched_filter"}, "it computes B, divided by the energy of the template."),
        ({"domain": "spectrogram", "spectrogram": {"window": "20 ms", "hop": "5 ms"}}, "the likeness of spectrograms"),
    ],
)
def test_a_search_says_by_what_it_scores_and_which_template_is_shown(setting, what):
    chirp = str(ROOT / "data" / "chirp_up.wav")
    stage = {"use": "match", "template": [chirp, chirp], **setting}
    subject = subject_of(config([stage]), ROOT / "data" / "chirps.wav")
    _, said = check(subject)
    assert what in said[-1]
    assert any(note["en"] == "The first of 2 templates" for note in subject.notes)


def test_a_template_that_is_longer_than_the_signal_fits_nowhere():
    _, said = check(Subject(SIGNALS["speech_like"][4000:6000], hall(1.0), FS, "drums", "match", searches="ncc"))
    assert "nowhere does it fit whole" in said[-1]


def test_a_smoother_is_said_to_change_nothing_but_the_time():
    loaded = load_config(ROOT / "configs" / "smooth.yaml")
    heard, said = check(subject_of(loaded, ROOT / "data" / "pluck.wav"))
    taps = len(heard.h)
    assert said[-1].endswith(f"B is A, {(taps - 1) / heard.fs * 1e6:.3g} µs earlier.")


def test_a_sparse_echo_keeps_its_echo():
    x = SIGNALS["drums"]
    heard, said = check(Subject(x, echo_after(5), FS, "drums", "echo"))
    assert np.flatnonzero(heard.h).tolist() == [0, 5 * FS]
    assert any("goes on for" in text for text in said)


def test_a_zero_phase_kernel_keeps_its_origin_and_hides_the_flip(tmp_path):
    sf.write(tmp_path / "in.wav", SIGNALS["drums"], FS)
    subject = subject_of(config([{"use": "smooth", "length": "20 ms", "phase": "zero"}]), tmp_path / "in.wav")
    assert subject.origin == len(subject.h) // 2
    _, said = check(subject)
    assert "are the same" in said[0]


def test_the_loudest_stretch_of_the_whole_file_is_shown(tmp_path):
    x = np.concatenate([np.zeros(25 * FS), SIGNALS["drums"][: 2 * FS], np.zeros(3 * FS)])
    sf.write(tmp_path / "in.wav", x, FS)
    subject = subject_of(config([{"use": "echo", "delay": "10 ms", "gain": 0.5}]), tmp_path / "in.wav")
    assert subject.start > 0
    np.testing.assert_allclose(subject.x, x[subject.start : subject.start + len(subject.x)], atol=2 / 32768)
    cut = excerpt(subject)
    assert all(25 * FS <= frame < 27 * FS for frame in cut.frames)
    check(subject)


def test_every_path_of_true_stereo_is_shown(tmp_path):
    ir = NOISE.standard_normal((50, 4))
    sf.write(tmp_path / "ir.wav", ir, FS, subtype="FLOAT")
    sf.write(tmp_path / "in.wav", NOISE.standard_normal((4000, 2)) / 9, FS, subtype="FLOAT")
    loaded = config([{"use": "reverb", "ir": str(tmp_path / "ir.wav"), "layout": "true_stereo"}])
    subject = subject_of(loaded, tmp_path / "in.wav")
    assert [(i, o) for i, o, _ in subject.paths] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert any("one of 4" in note["en"] for note in subject.notes)
    check(subject)


def test_a_search_is_explained_by_what_a_flip_would_have_found():
    loaded = load_config(ROOT / "configs" / "match.yaml")
    subject = subject_of(loaded, ROOT / "data" / "chirps.wav")
    assert subject.searches
    template = sf.read(ROOT / "data" / "chirp_up.wav")[0]
    np.testing.assert_allclose(subject.h, template, atol=1e-6)
    windows = np.lib.stride_tricks.sliding_window_view(subject.x, len(template))[::50]
    heard = for_listening(subject)
    said = sentences(subject, heard, make_sounds(heard.x, heard.h, heard.fs, heard.origin))[-1]["en"]
    shown = re.findall(r"(?:as it is|would have it): ([\d.]+), at ([\d.]+) s", said)
    for h, told in zip((template, template[::-1]), shown, strict=True):
        best, at = likeness(subject.x, h)
        direct = np.corrcoef(subject.x[at : at + len(h)], h)[0, 1]
        assert best == pytest.approx(direct, abs=1e-9)
        assert best >= max(np.corrcoef(window, h)[0, 1] for window in windows) - 1e-9
        assert told == (f"{best:.2f}", f"{at / subject.fs:.3f}")


@pytest.mark.parametrize(
    ("values", "whole", "one"),
    [
        ([4, 2, 1], [4, 2, 1], 1),
        ([1, 0.5, 0.25], [4, 2, 1], 0.25),
        ([0.6, 0.3], [2, 1], 0.3),
        ([-0.5], [-1], 0.5),
        ([0, 0], [0, 0], 1),
        ([1, 0.501, 0], [2, 1, 0], 0.5),
        ([9, 8.0, 7], [9, 8, 7], 1),
        ([1e-9, 0], [1, 0], 1e-9),
        ([1, -1 / 3], [3, -1], 1 / 3),
        ([1, 0.123, 0.77], [9, 1, 7], 1 / 9),
    ],
)
def test_whole_numbers_are_small_and_say_what_one_stands_for(values, whole, one):
    made, unit = whole_numbers(np.array(values, float))
    assert made.tolist() == whole
    assert unit == pytest.approx(one)


def test_the_tiles_of_libraries_are_those_of_the_atlas():
    rows = [row for path in (ROOT / "docs" / "atlas").glob("*.json") for row in json.loads(path.read_text("utf-8"))]
    tiles = texts_of("libraries.json")
    assert {one["verdict"] for one in tiles} == {"convolution", "correlation", "neither"}
    for one in tiles:
        package, asked = one["row"]
        asked_of = {" ".join(map(str, r["target"])): r for r in rows if r["package"] == package}
        found = asked_of.get(asked) or next(r for target, r in asked_of.items() if asked in target)
        answer = np.atleast_2d(found["found"]["response"])
        assert one["verdict"] == found["found"]["verdict"], one["name"]
        assert one["version"] in found["version"], one["name"]
        np.testing.assert_allclose(one["tile"], answer / np.abs(answer).max(), atol=0.0051, err_msg=one["name"])
        asked_by = HOOK if len(one["tile"]) > 1 else np.array([[4.0, 2.0, 1.0]])  # the hook of scene 8; 4, 2, 1
        turned_by = {"convolution": asked_by, "correlation": asked_by[::-1, ::-1], "neither": asked_by[:, ::-1]}
        meant = turned_by[one["verdict"]] / asked_by.max()
        np.testing.assert_allclose(one["tile"], meant, atol=0.0051, err_msg=one["name"])
        assert (len(one["tile"]) == 1) == ("conv1d" in one["name"])
    turned = [one["name"] for one in tiles if one["verdict"] == "correlation"]
    assert sum("convolve" in name for name in turned) == 2  # as the page says


@pytest.mark.parametrize("fs", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_kernel_that_is_played_slower_keeps_its_symmetry_and_its_origin(fs, sign):
    half = NOISE.standard_normal(150)
    h = np.concatenate([half, [1.0 if sign == 1 else 0.0], sign * half[::-1]])
    heard = for_listening(Subject(NOISE.standard_normal(fs), h, fs, "", "", origin=150))
    assert heard.fs <= 24_000
    assert len(heard.h) == 2 * heard.origin + 1
    np.testing.assert_array_equal(heard.h, sign * heard.h[::-1])
    assert heard.h.sum() == pytest.approx(h.sum(), abs=0.02 * np.abs(h).sum())


def test_what_is_heard_says_where_in_the_file_it_begins():
    x = np.concatenate([np.zeros(FS), NOISE.standard_normal(12 * FS)])
    heard = for_listening(Subject(x, np.array([1.0, 0.5]), FS, "", "", start=3 * FS))
    first = round(heard.start_s * FS) - 3 * FS
    np.testing.assert_array_equal(heard.x[:100], x[first : first + 100])
    assert FS * 0.9 < first <= FS


def test_a_table_names_the_column_that_is_shown(tmp_path):
    (tmp_path / "in.csv").write_text(
        "t,a,pressure_kpa\n" + "".join(f"{i / 10},0,{i % 7}\n" for i in range(99)), "utf-8"
    )
    loaded = config([{"use": "smooth", "window": "hann", "length": "0.5 s"}], time_column="t")
    assert subject_of(loaded, tmp_path / "in.csv").signal == "in.csv: pressure_kpa"
