"""What is explained of a configuration, what is written, what is refused, and what is said on the terminal."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile as sf
from faltung_explain.excerpt import _telling, excerpt
from faltung_explain.explain import explain_example
from faltung_explain.listening import for_listening, onset
from faltung_explain.subject import Subject, subject_of

from pipeline.cli import main
from pipeline.config.load import parse_config
from pipeline.errors import DiskFullError, SignalError, UsageError
from pipeline.kernel import Kernel

from .conftest import ROOT, draw_nothing

GALLERY = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))


def config(stages, **top):
    return parse_config(json.dumps({"version": 1, "stages": stages, **top}))


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "in.wav"
    x = np.zeros((4000, 2))
    x[1000:1400, 1] = np.random.default_rng(3).uniform(-0.5, 0.5, 400)
    x[1200, 0] = 0.1
    sf.write(path, x, 8000, subtype="FLOAT")
    return path


@pytest.fixture
def quick(monkeypatch):
    """Without drawing: for tests of what is said and refused."""
    draw_nothing(monkeypatch)


def test_numbers_hold_the_goldens_and_the_residuals(worked):
    found = json.loads((worked.folder / "numbers.json").read_text("utf-8"))
    assert found["example"]["convolved"][2:10] == [0, 12, 10, 13, 5, 2, 0, 0]
    assert found["example"]["correlated"][1:6] == [3, 7, 16, 8, 8]
    assert found["example"]["sum_at_now"] == "3 + 2 + 8 = 13"
    assert found["symmetric_difference"] == 0
    assert all(one["holds"] for one in found["identities"])
    assert "Chinese" not in found["figure"]["alt"]["en"]


def test_the_first_asymmetric_kernel_is_taken(recording):
    loaded = config(
        [{"use": "gain", "gain": 0.5}, {"use": "normalize"}, {"use": "echo", "delay": "10 ms", "gain": 0.5}]
    )
    run = subject_of(loaded, recording)
    assert (run.stage, len(run.h), run.h[80]) == ("echo", 81, 0.5)
    assert any("as it reaches stage 2" in note["en"] for note in run.notes)
    assert np.abs(run.x).max() == pytest.approx(10 ** (-1 / 20), rel=0.2)


def test_a_stage_is_chosen_by_id_or_index(recording):
    loaded = config([{"use": "delay", "delay": "1 ms", "id": "late"}, {"use": "echo", "delay": "10 ms", "gain": 0.5}])
    assert subject_of(loaded, recording, "late").stage == "late (delay)"
    assert subject_of(loaded, recording, "1").stage == "echo"


def test_the_loudest_channel_is_taken_and_named(recording):
    run = subject_of(config([{"use": "echo", "delay": "10 ms", "gain": 0.5}]), recording)
    assert run.notes[0]["en"] == "Channel 1 of 2, the loudest"


def test_a_stage_that_correlates_is_undone(recording):
    run = subject_of(config([{"use": "correlate", "template": [4, 2, 1]}]), recording)
    assert run.correlates
    assert run.h.tolist() == [4, 2, 1]


def test_an_unknown_stage_is_refused_with_those_there_are(recording):
    loaded = config([{"use": "echo", "delay": "10 ms", "gain": 0.5, "id": "e"}, {"use": "normalize"}])
    with pytest.raises(
        UsageError, match=r"--stage x: no stage has this id or index; there are 0 \(e\), 1 \(normalize\)"
    ):
        subject_of(loaded, recording, "x")
    with pytest.raises(UsageError, match="'normalize', is no kernel"):
        subject_of(loaded, recording, "1")


def test_a_configuration_without_a_kernel_is_refused(recording):
    with pytest.raises(UsageError, match="no stage of this configuration is a kernel or looks for a template"):
        subject_of(config([{"use": "reverse"}]), recording)


def test_what_is_over_the_range_of_numbers_is_refused(tmp_path):
    sf.write(tmp_path / "x.wav", np.full(100, 0.5), 8000)
    with pytest.raises(SignalError, match=r"x.wav: stage 0, 'convolve', makes numbers of it that are too large"):
        subject_of(config([{"use": "convolve", "taps": [1e200, 1.0]}]), tmp_path / "x.wav")


def test_silence_is_refused(tmp_path):
    sf.write(tmp_path / "silence.wav", np.zeros(100), 8000)
    with pytest.raises(SignalError, match=r"silence.wav: only silence reaches stage 0, 'echo'"):
        subject_of(config([{"use": "echo", "delay": "1 ms", "gain": 0.5}]), tmp_path / "silence.wav")


def test_on_the_grid_of_a_sparse_kernel_the_excerpt_is_exact():
    rng = np.random.default_rng(5)
    x, h = rng.standard_normal(5000), np.zeros(901)
    h[[0, 300, 900]] = 1, 0.5, 0.25
    cut = excerpt(Subject(x, h, 8000, "noise", "echo"))
    assert cut.example.h.tolist() == [4, 2, 0, 1]
    assert "every 300th" in cut.name["en"]
    first = int(cut.name["en"].split("frames ")[1].split(" to")[0].replace(",", ""))
    assert cut.frames == tuple(range(first, first + 12 * 300, 300))
    one = np.abs(x[list(cut.frames)]).max() / np.abs(cut.example.x).max()
    np.testing.assert_allclose(cut.example.x * one, x[list(cut.frames)], atol=one / 2)
    full = np.convolve(x, h)[first : first + 3600 : 300]
    inside = slice(3, 12)  # whose past lies inside the excerpt
    np.testing.assert_allclose(cut.example.y[3:][inside] * one / 4, full[inside], atol=one * 1.75 / 2)


def test_a_dense_kernel_is_excerpted_where_it_shows_the_flip():
    h = np.exp(-np.arange(500) / 5)
    h[:100] = 0
    cut = excerpt(Subject(np.ones(50), h * 1e9, 8000, "ones", "decay"))
    assert cut.example.h[0] == cut.example.h.max()
    assert "taps 100 to 105 of 500" in cut.name["en"]


def test_where_the_loudest_taps_tell_nothing_others_are_shown():
    rng = np.random.default_rng(5)
    h = np.r_[np.eye(1, 1000)[0], 0.03 * np.exp(-np.arange(500) / 4), np.zeros(50)]  # a direct sound, a faint echo
    shown = excerpt(Subject(rng.standard_normal(400), h, 8000, "noise", "h")).example.h
    assert np.count_nonzero(shown) == 6
    chirp = np.sin(np.cumsum(np.linspace(0.05, 0.8, 4000)))
    shown = excerpt(Subject(rng.standard_normal(400), chirp, 8000, "noise", "h")).example.h
    assert Kernel(shown).asymmetry > 0.2
    windows = rng.standard_normal((40, 6))
    told = [np.linalg.norm(w) * (1e-6 + Kernel(w).asymmetry) for w in windows]
    np.testing.assert_allclose(_telling(windows), told, rtol=1e-9)
    assert _telling(np.zeros((2, 6))).tolist() == [0, 0]


def test_a_symmetric_kernel_stays_symmetric_in_its_excerpt():
    for m in (31, 32):
        h = np.hanning(m + 2)[1:-1]
        shown = excerpt(Subject(np.ones(50), h, 8000, "ones", "hann")).example.h
        assert np.array_equal(shown, shown[::-1])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_shortest_signals_and_kernels_have_an_excerpt(length):
    cut = excerpt(Subject(np.arange(1.0, length + 1), np.arange(1.0, length + 1), 8000, "x", "h"))
    assert cut.example.h.tolist() == list(range(1, length + 1))
    assert cut.example.x.any()


def test_the_onset_is_the_first_frame_at_a_tenth_of_the_peak():
    assert onset(np.array([0, 0.05, 0.2, 1.0])) == 2


@pytest.mark.parametrize("fs", [0.1, 250.0, 8000.0, 22050.0, 44100.0, 48000.0, 96000.0, 11025.5])
@pytest.mark.parametrize("taps", [1, 400, 100_000])
def test_what_is_heard_fits_into_a_page_at_any_rate(fs, taps):
    rng = np.random.default_rng(8)
    heard = for_listening(Subject(rng.standard_normal(300_000), rng.standard_normal(taps), fs, "x", "h"))
    assert 3000 <= heard.fs <= 24_000
    assert len(heard.x) + len(heard.h) <= 345_000
    assert len(heard.x) > 0.5 * min(heard.fs, 8000)
    assert (heard.fs == fs) or heard.notes


def test_the_same_input_gives_the_same_files(worked, tmp_path, quick):
    again = explain_example(tmp_path)
    for name in again.files:
        if name.endswith((".wav", ".json", ".html")):
            assert (tmp_path / name).read_bytes() == (worked.folder / name).read_bytes()


def test_an_earlier_explanation_is_replaced_and_other_files_are_not(tmp_path, quick):
    explain_example(tmp_path)
    explain_example(tmp_path)
    (tmp_path / "numbers.json").write_text('{"mine": true}', "utf-8")
    with pytest.raises(UsageError, match=r"index\.html: exists already; give --overwrite"):
        explain_example(tmp_path)
    assert (tmp_path / "numbers.json").read_text("utf-8") == '{"mine": true}'
    explain_example(tmp_path, overwrite=True)


def test_the_film_is_made_when_asked_for_and_none_of_another_signal_stays(tmp_path, quick):
    film = {"flip.gif", "contact.png"}  # and an MP4 where ffmpeg made one
    assert film <= explain_example(tmp_path, film=True).files.keys()
    (tmp_path / "flip.mp4").write_bytes(b"of before")
    (tmp_path / "mine.gif").write_bytes(b"mine")
    assert not film & explain_example(tmp_path).files.keys()
    assert not [name for name in (*film, "flip.mp4") if (tmp_path / name).exists()]
    assert (tmp_path / "mine.gif").exists()


def test_a_film_beside_what_is_no_explanation_is_left_alone(tmp_path, quick):
    (tmp_path / "flip.gif").write_bytes(b"mine")
    explain_example(tmp_path)
    assert (tmp_path / "flip.gif").read_bytes() == b"mine"


def test_a_file_in_the_folders_place_is_refused(tmp_path, quick):
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="is no folder"):
        explain_example(tmp_path / "file")


def test_another_language_is_refused(tmp_path, quick):
    with pytest.raises(UsageError, match="--lang is one of en, zh, got 'de'"):
        explain_example(tmp_path, lang="de")


def test_the_page_opens_in_the_language_asked_for(tmp_path, quick):
    explained = explain_example(tmp_path, lang="zh")
    assert '<html lang="zh-CN">' in (tmp_path / "index.html").read_text("utf-8")
    assert "手算" in explained.name


@pytest.mark.parametrize("name", GALLERY)
def test_every_configuration_of_the_gallery_can_be_explained(name, tmp_path, quick, capfd):
    code = main(["explain", str(ROOT / "configs" / f"{name}.yaml"), "-o", str(tmp_path / "out")])
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    assert "DOES NOT HOLD" not in out
    assert (tmp_path / "out" / "index.html").stat().st_size < 1_200_000


def test_the_command_prints_files_and_residuals(tmp_path, quick, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["explain"]) == 0
    out, _ = capfd.readouterr()
    assert "out/explain/index.html" in out
    assert "13 sounds" in out
    assert "06 is 05, delayed by" in out
    assert "residual" in out
    assert out.rstrip().endswith("Open out/explain/index.html")
    assert out.index("index.html is there") < out.index("residual")
    assert not (tmp_path / "out/explain/flip.gif").exists()


def test_the_command_takes_another_input_and_a_stage(recording, tmp_path, quick, capfd):
    (tmp_path / "c.yaml").write_text(
        "version: 1\nstages:\n  - {use: echo, id: e, delay: 10 ms, gain: -6 dB}\n  - {use: delay, delay: 1 ms}\n",
        "utf-8",
    )
    args = ["explain", str(tmp_path / "c.yaml"), str(recording), "-o", str(tmp_path / "o"), "--stage", "e"]
    assert main(args) == 0
    assert "in.wav: frames" in capfd.readouterr()[0]


def test_the_word_claims_runs_the_claims(tmp_path, capfd, monkeypatch, quick):
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "claims", "--lang", "zh"]) == 0
    out, _ = capfd.readouterr()
    assert (tmp_path / "out" / "claims" / "claims.html").is_file()
    assert "正确" in out
    assert "out/claims/claims.html" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["explain", "--stage", "1"], "--stage chooses a stage of a configuration"),
        (["explain", "nowhere.yaml"], "cannot be read"),
        (["explain", "--lang", "de"], "--lang is one of en, zh"),
        (["explain", "claims", "--lang", "de"], "--lang is one of en, zh"),
    ],
)
def test_the_command_refuses_in_one_line(args, said, quick, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(args) == 2
    err = capfd.readouterr()[1]
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("there", [False, True])
def test_an_explanation_that_fails_leaves_no_empty_folder_of_its_own(tmp_path, monkeypatch, there):
    from faltung_explain import explain as module

    def full(path, *_, **__):
        raise DiskFullError(str(path), "No space left on device")

    monkeypatch.setattr(module, "write_bytes", full)
    folder = tmp_path / "a/b"
    if there:
        folder.mkdir(parents=True)
    with pytest.raises(DiskFullError, match=r"a/b/index\.html"):
        module.explain_example(folder)
    assert ([path.name for path in tmp_path.rglob("*")]) == (["a", "b"] if there else [])
