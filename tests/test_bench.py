"""The benchmark measures what it says: right signals, right outputs, fair ratios, and tables that stay in place."""

import json
import os
import re
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from bench import __main__ as command
from bench import (
    agreement,
    apart,
    batch,
    busy,
    calibrate,
    convolve,
    convolve_goals,
    hostile,
    match,
    peers,
    report,
    scaling,
    seismic_day,
    shards,
    signals,
    sweep,
    timing,
)
from bench.settings import Budget, Settings
from bench.timing import Contender, Run
from pipeline.dsp.transforms import library

SLEEP = [sys.executable, "-c", "import time; time.sleep(0.05)"]


def took(wall_s: float, mb: float = 50.0) -> Run:
    return Run(wall_s, wall_s, 0.0, mb)


class TestArguments:
    def test_without_any_everything_is_measured(self):
        asked = command.parser().parse_args([])
        assert (asked.what, asked.minutes, asked.runs, asked.at_most) == ("all", [10, 30], 5, 20)
        assert asked.json is None
        assert not asked.update_docs

    def test_all_can_be_given(self):
        asked = command.parser().parse_args(["convolve", "--minutes", "10", "60", "--runs", "3", "--update-docs"])
        assert (asked.what, asked.minutes, asked.runs, asked.update_docs) == ("convolve", [10, 60], 3, True)

    @pytest.mark.parametrize("wrong", [["--minutes", "0.5"], ["--minutes", "500"], ["--runs", "0"], ["speed"]])
    def test_wrong_ones_are_refused(self, wrong, capsys):
        with pytest.raises(SystemExit, match="2"):
            command.parser().parse_args(wrong)
        assert re.search("must be|invalid choice", capsys.readouterr().err)

    def test_places_do_not_reach_the_page(self):
        given = ["convolve", "--json", "out.json", "--folder=here", "--runs", "3", "--update-docs"]
        assert command._without_places(given) == ["convolve", "--runs", "3"]

    def test_what_json_cannot_hold_becomes_null(self):
        assert command._plain({"a": (float("inf"), 1.0), 3: [float("nan")]}) == {"a": [None, 1.0], "3": [None]}


class TestSignals:
    def test_a_recording_is_soft_stereo_float_of_the_length_asked(self, tmp_path):
        path = signals.write_recording(tmp_path / "x.wav", 1_001)
        info = soundfile.info(path)
        assert (info.frames, info.channels, info.samplerate, info.subtype) == (1_001, 2, 48_000, "FLOAT")
        x, _ = soundfile.read(path)
        assert 0.02 < x.std() < 0.1
        assert np.abs(x).max() < 0.5

    def test_how_a_recording_is_cut_changes_no_sample(self):
        whole = np.concatenate(list(signals.recording_blocks(1_000)))
        pieces = np.concatenate(list(signals.recording_blocks(1_000, block=7)))
        assert whole.shape == (1_000, 2)
        np.testing.assert_array_equal(whole, pieces)

    def test_a_recording_is_coloured(self):
        x = np.concatenate(list(signals.recording_blocks(20_000)))[:, 0].astype(float)
        assert np.corrcoef(x[1:], x[:-1])[0, 1] == pytest.approx(0.9, abs=0.02)

    @pytest.mark.parametrize("taps", [2, 64, 4_800])
    def test_a_response_has_unit_energy_and_channels_of_their_own(self, taps):
        h = signals.response(taps)
        assert h.shape == (taps, 2)
        np.testing.assert_allclose(np.linalg.norm(h, axis=0), 1, rtol=1e-5)
        assert not np.array_equal(h[:, 0], h[:, 1])

    def test_a_response_is_written_for_sox_too(self, tmp_path):
        path = signals.write_response(tmp_path / "h.wav", 64)
        np.testing.assert_array_equal(np.loadtxt(tmp_path / "h.txt", dtype=np.float32), soundfile.read(path)[0][:, 0])


class TestAgreement:
    @pytest.fixture
    def true(self):
        x = np.concatenate(list(signals.recording_blocks(5_000)))
        return agreement.true_convolution(x, signals.response(64))

    def test_the_true_convolution_is_the_sum_that_defines_it(self):
        x, h = np.arange(1.0, 7).reshape(3, 2), np.array([[1.0, 2], [3, 4]])
        np.testing.assert_allclose(agreement.true_convolution(x, h), [[1, 4], [6, 16], [14, 28], [15, 24]])

    def test_rounding_to_single_agrees(self, true):
        found = agreement.compare(true, true.astype(np.float32))
        assert found.agrees
        assert 0 < found.difference < 1e-6
        assert "agrees" in str(found)

    def test_a_cut_tail_a_shift_and_a_gain_agree_where_they_are_stated(self, true):
        assert agreement.compare(true, true[:4_000]).agrees
        assert agreement.compare(true, 2 * true, gains=(1.0, 2.0)).gain == 2
        assert agreement.compare(true, 0.125 * true, gains=None).gain == pytest.approx(0.125)
        assert agreement.compare(true, true[31:], early=31).agrees
        assert agreement.compare(true, true[:, :1]).agrees

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda y: np.roll(y, 1, axis=0),
            lambda y: y * 1.001,
            lambda y: y * 2,
            lambda y: y[:, ::-1],
            lambda y: -y,
            lambda y: y + 1e-3 * (np.arange(len(y)) == 77)[:, None],
            lambda y: np.zeros_like(y),
            lambda y: np.where(np.arange(len(y))[:, None] == 5, np.nan, y),
            lambda y: y[:0],
        ],
        ids=["shifted", "gain", "doubled", "swapped", "inverted", "one click", "silence", "NaN", "empty"],
    )
    def test_a_wrong_output_is_caught(self, true, spoil):
        found = agreement.compare(true, spoil(true))
        assert not found.agrees
        assert "DOES NOT AGREE (" in str(found)

    def test_any_gain_is_still_one_gain(self, true):
        assert not agreement.compare(true, true * [1.0, 1.01], gains=None).agrees


class TestPeers:
    def test_those_not_installed_are_named_with_what_brings_them(self, monkeypatch):
        monkeypatch.setattr(peers.shutil, "which", lambda _: None)
        monkeypatch.setattr(peers, "find_spec", lambda _: None)
        assert peers.installed() == []
        assert "fconvolver (Debian package jconvolver)" in peers.missing()
        assert "pedalboard (Python package pedalboard)" in peers.missing()
        assert len(peers.missing()) == len(peers.FAST) + len(peers.PEERS)

    def test_every_command_names_input_and_output(self, tmp_path):
        case = peers.Case(tmp_path / "x.wav", tmp_path / "h.wav", 64, tmp_path)
        for peer in (*peers.OURS, *peers.FAST, *peers.PEERS):
            for command_of in (peer.command, *peer.variants.values()):
                made = command_of(case, tmp_path / "y.wav")
                assert str(case.signal) in made
                assert str(tmp_path / "y.wav") in made

    def test_a_program_is_called_with_the_setting_that_it_is_set_to(self, tmp_path):
        case = peers.Case(tmp_path / "x.wav", tmp_path / "h.wav", 64, tmp_path)
        (fconvolver,) = (peer for peer in peers.PEERS if peer.name == "fconvolver")
        assert fconvolver.set_to(None) is fconvolver
        made = fconvolver.set_to("2048").command(case, tmp_path / "y.wav")
        assert "-V" not in made
        assert "/convolver/new 2 2 2048 64\n" in (tmp_path / "fconvolver-64-2048.conf").read_text("utf-8")

    def test_the_quickest_setting_is_kept_and_one_that_fails_is_not(self, tmp_path, monkeypatch):
        naps = {"slow": 0.3, "quick": 0.0, "wrong": None}
        commands = {
            name: lambda *_, nap=nap: ["false"] if nap is None else ["sleep", str(nap)] for name, nap in naps.items()
        }
        peer = peers.Peer("p", commands["slow"], lambda: True, "none", variants=commands)
        plain = peers.Peer("q", commands["slow"], lambda: True, "none")
        monkeypatch.setattr(sweep, "installed", lambda: [peer, plain])
        monkeypatch.setattr(sweep, "MINUTES", 1 / 60)
        said = []
        chosen = sweep.best_settings(Settings(tmp_path, say=said.append), {64: tmp_path / "h.wav"})
        assert chosen == {64: {"p": "quick"}}
        assert "p, 64 taps: best with quick" in said[-1]

    @pytest.mark.skipif(library() != "opencv", reason="needs opencv-python-headless, the extra [fast]")
    @pytest.mark.parametrize("taps", [1, 64, 5_000])
    def test_overlap_save_by_hand_is_right_to_its_last_frame(self, tmp_path, taps):
        recording = signals.write_recording(tmp_path / "x.wav", 600_000)
        case = peers.Case(recording, signals.write_response(tmp_path / "h.wav", taps), taps, tmp_path)
        (by_hand,) = (peer for peer in peers.PEERS if peer.name == "OpenCV by hand")
        timing.run_once(by_hand.command(case, tmp_path / "y.wav"))
        true = agreement.true_convolution(soundfile.read(recording)[0], soundfile.read(case.response)[0])
        found = soundfile.read(tmp_path / "y.wav")[0]
        assert found.shape == true.shape
        assert agreement.compare(true, found).agrees

    def test_our_own_outputs_agree(self, tmp_path):
        recording = signals.write_recording(tmp_path / "x.wav", 9_000)
        case = peers.Case(recording, signals.write_response(tmp_path / "h.wav", 64), 64, tmp_path)
        true = agreement.true_convolution(soundfile.read(recording)[0], soundfile.read(case.response)[0])
        for peer in peers.ours():
            assert convolve._checked(peer, case, true).agrees

    def test_a_program_that_fails_does_not_agree(self, tmp_path):
        case = peers.Case(tmp_path / "x.wav", tmp_path / "h.wav", 64, tmp_path)
        failing = peers.Peer("no", lambda *_: ["false"], lambda: True, "none")
        found = convolve._checked(failing, case, np.zeros((1, 2)))
        assert not found.agrees
        assert "exit code 1" in found.note

    def test_copying_alone_copies_every_sample(self, tmp_path):
        recording = signals.write_recording(tmp_path / "x.wav", 1_000)
        timing.run_once(peers.copy_command(recording, tmp_path / "y.wav"))
        np.testing.assert_array_equal(soundfile.read(tmp_path / "y.wav")[0], soundfile.read(recording)[0])


class TestMatching:
    def test_libraries_not_installed_are_named_with_what_brings_them(self, monkeypatch, tmp_path):
        monkeypatch.setattr(match, "find_spec", lambda _: None)
        monkeypatch.setattr(apart, "FOLDER", tmp_path)
        assert match.installed() == []
        assert "EQcorrscan (python -m bench peers)" in match.missing()
        assert "OpenCV (Python package opencv-python-headless)" in match.missing()
        assert len(match.missing()) == len(match.PACKAGES)

    def test_direct_scores_are_those_of_the_definition(self):
        x, t = np.array([1.0, 2, 4, 4, 4, 1]), np.array([1.0, 2, 4])
        expected = [1, np.corrcoef([2, 4, 4], t)[0, 1], 0]
        np.testing.assert_allclose(match.direct_scores(x, t, np.arange(3)).astype(float), expected, atol=1e-15)

    @pytest.mark.parametrize("count", [1, 3])
    def test_our_own_peaks_are_where_the_templates_were_put(self, tmp_path, count):
        recording, templates = match._written(tmp_path, count, 30)
        timing.run_once(match._command(match.OURS, recording, templates, tmp_path / "found.npy"))
        places = np.linspace(0, 30 * match.FS - match.M, count * min(match.PUT_IN, 30 // count) + 1).astype(int)
        np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), places)

    def test_our_own_scores_are_right(self, tmp_path):
        assert match._error(match.OURS, Settings(tmp_path, say=lambda _: None)) < match.MOST_ERROR

    def test_hostile_inputs_come_with_a_template_that_is_in_them(self):
        for x, template in hostile.hostile_inputs().values():
            assert (len(x), len(template)) == (hostile.FRAMES, hostile.M)
            assert np.ptp(template) > 0


class TestShards:
    def test_one_long_recording_gives_the_same_bytes_in_every_way(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shards, "TAPS", 64)
        monkeypatch.setitem(shards._WAYS, shards.SHARDS, ("threads: 1\nbatch: {shard: 1 s}", "2"))
        said = []
        section = shards.measure(Settings(tmp_path, (0.1,), runs=1, say=said.append))
        assert not [text for text in said if "exit code" in text or "wrote" in text], said
        assert {shards.ONE, shards.TWO, shards.BATCH, shards.SHARDS} <= set(section.data)
        assert "the same, in " in section.goals[0].measured
        assert "| one pass, threads: 1 |" in section.body

    def test_other_bytes_are_caught(self, tmp_path):
        recording = signals.write_recording(tmp_path / "x.wav", 100)
        first = []
        shards._same_bytes(recording, recording, first)
        shards._same_bytes(recording, recording, first)
        other = tmp_path / "y.wav"
        soundfile.write(other, soundfile.read(recording)[0], 44_100, "FLOAT")
        with pytest.raises(timing.CommandError, match="other bytes than in one pass"):
            shards._same_bytes(recording, other, first)


class TestBatches:
    @pytest.fixture
    def place(self, tmp_path):
        return batch.write_place(tmp_path / "place", files=3, few=2)

    def test_every_program_writes_what_it_should(self, place, monkeypatch, tmp_path):
        monkeypatch.setattr(batch, "write_place", lambda _: place)
        said = []
        section = batch.measure(Settings(tmp_path, runs=1, say=said.append))
        assert section.title == "Batches"
        assert not [text for text in said if "exit code" in text or "AGREE" in text or "wrote" in text], said
        assert {batch.ONE, batch.TWO, batch.ALONE, batch.BARE} <= set(section.data["runs"])
        assert all(runs[0]["wall_s"] > 0 for runs in section.data["runs"].values())
        assert len(section.goals) == 3
        assert f"| {batch.ONE} | 3 |" in section.body

    def test_the_whole_response_is_that_of_echo_and_hall(self):
        hall = np.arange(1.0, 5_001)
        echo = np.zeros(batch.DELAY + 1)
        echo[0], echo[-1] = 1, 0.5
        np.testing.assert_array_equal(batch.whole_response(hall), np.convolve(hall, echo))

    @pytest.mark.parametrize("spoil", [lambda y: y[:0], lambda y: 0.9 * y, lambda y: np.roll(y, 1)])
    def test_a_wrong_output_is_caught(self, place, spoil):
        (place.folder / "out").mkdir()
        for path in sorted((place.folder / "in").iterdir()):
            soundfile.write(place.folder / "out" / path.name, spoil(soundfile.read(path)[0]), batch.FS)
        with pytest.raises(timing.CommandError, match="DOES NOT AGREE"):
            batch.check_outputs(place, 3)

    def test_a_file_too_few_is_caught(self, place):
        with pytest.raises(timing.CommandError, match="wrote 0 files of 3"):
            batch.check_outputs(place, 3)

    def test_the_gain_is_taken_within_rounds_and_threads_are_those_of_workers(self):
        runs = {batch.ONE: [took(2), took(9), took(4), None], batch.TWO: [took(1), took(3), took(4), took(1)]}
        runs[batch.BARE] = [took(5)]
        gain, of_bare, threads = batch._goals(runs, [[0.9, 0.9], [0.8, 0.01], [0.7, 0.0]])
        assert (gain.measured, gain.met) == ("2.00", True)
        assert (of_bare.measured, of_bare.met) == ("0.80", True)
        assert threads.measured == "2 of 4"

    @pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
    def test_the_time_of_a_thread_is_its_own(self):
        began = time.process_time()
        while time.process_time() < began + 0.1:
            pass
        of_threads = batch.processor_by_thread(os.getpid())
        assert of_threads[threading.get_native_id()] >= 0.08
        assert batch.processor_by_thread(2**22 + 1) == {}


class TestTiming:
    def test_a_run_is_accounted_for(self):
        run = timing.run_once(SLEEP)
        assert 0.05 <= run.wall_s < 10
        assert run.user_s >= 0
        assert 3 < run.peak_mb < 100

    def test_memory_is_that_of_the_program_alone(self):
        held = np.ones(20_000_000)  # 160 MB
        assert timing.run_once(["true"]).peak_mb < 40 < held.nbytes / 1e6

    def test_a_command_that_fails_says_why(self):
        code = "import sys; sys.exit('no such luck')"
        with pytest.raises(timing.CommandError, match="exit code 1: no such luck"):
            timing.run_once([sys.executable, "-c", code])
        with pytest.raises(timing.CommandError, match="No such file"):
            timing.run_once(["no-such-program-anywhere"])

    def test_rounds_are_interleaved_and_failures_left_out(self, tmp_path):
        log = tmp_path / "log"
        note = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
        contenders = [
            Contender(n, [sys.executable, "-c", note, str(log), n], rounds=r) for n, r in (("A", None), ("B", 1))
        ]
        said = []
        runs = timing.interleaved([*contenders, Contender("C", ["false"])], 3, say=said.append)
        assert log.read_text() == "ABAA"
        assert [run is None for run in runs["B"]] == [False, True, True]
        assert runs["C"] == [None, None, None]
        assert len(said) == 1

    def test_when_the_time_is_up_no_round_is_begun(self):
        runs = timing.interleaved([Contender("A", ["true"])], 5, seconds=0)
        assert len(runs["A"]) == 1

    def test_ratios_are_taken_within_a_round(self):
        runs = {"a": [took(1), took(4), took(3)], "b": [took(2), took(2), None], "c": [took(4), took(8), took(6)]}
        assert timing.median_ratio(runs, "a", ["b", "c"]) == 0.5
        assert timing.median_ratio(runs, "b", ["nobody"]) is None
        assert timing.median_wall([None, took(3), took(1)]) == 2
        assert timing.median_wall([None]) is None
        assert timing.median_processor([took(2), None]) == 2
        assert timing.median_processor([None]) is None
        assert timing.peak_mb([took(1, 7), None, took(1, 9)]) == 9

    def test_a_budget_is_shared_by_weight(self):
        assert Budget(90).share(1, 3) == pytest.approx(30, abs=1)
        assert Budget(-1).share(1, 3) == 0


class TestGoals:
    def cell(self, single: float, native: float = 1.0, mb: float = 100.0) -> dict[str, list[Run | None]]:
        return {
            peers.COPY: [took(0.3)],
            peers.SINGLE: [took(single, mb)],
            peers.DOUBLE: [took(single, mb)],
            "fconvolver": [took(native)],
            "sox fir": [took(0.01)],
            "scipy float32": [took(5.0, 1_300)],
        }

    def verdicts(self, cells) -> dict[str, str]:
        return {g.text: g.verdict for g in convolve_goals.goals(cells, {64: ["fconvolver"]})}

    def test_they_are_held_against_right_natives_only(self):
        found = self.verdicts({10: {64: self.cell(0.9)}, 30: {64: self.cell(0.6)}})
        assert found["10 min, single: at most 1.3 of the best native"] == "met"
        assert found["30 min, single: at most 0.55 of the best native"] == "**not met**"
        assert found["30 min, single with `[fast]`: at most 0.45 of the best native"] == "not measured"
        assert found["30 min, single: at most 2 times reading and writing alone"] == "met"
        assert found["at least 5 times faster than pedalboard (single)"] == "not measured"
        assert found["memory: as much for 30 min as for 10 min"] == "met"

    def test_memory_that_grows_is_seen(self):
        found = self.verdicts({10: {64: self.cell(1.0)}, 30: {64: self.cell(1.0, mb=200.0)}})
        assert found["memory: as much for 30 min as for 10 min"] == "**not met**"
        assert found["memory, single: at most 120 MB whatever the length"] == "**not met**"

    def test_user_time_is_held_against_that_without_the_extra(self):
        cell = self.cell(1.0) | {peers.SINGLE_FAST: [took(0.5)]}
        text = "30 min, single with `[fast]`: at most 0.6 of the user time without it"
        assert self.verdicts({30: {64: cell}})[text] == "met"
        assert self.verdicts({30: {64: self.cell(1.0)}})[text] == "not measured"


class TestGrowth:
    def test_a_line_is_found(self):
        line = scaling.fit_line({m: 0.5 + 0.1 * m for m in (1, 2, 5, 10)})
        assert (line.start_s, line.per_minute_s) == pytest.approx((0.5, 0.1))
        assert line.farthest < 1e-12
        assert scaling.fit_line({m: 0.01 * m**2 for m in (1, 2, 5, 10)}).farthest > scaling.LINE_WITHIN

    def test_growth_is_held_against_a_logarithm(self):
        assert scaling.logarithmic({2: 1.0, 4: 2.0, 16: 4.0}) == pytest.approx(1)
        assert scaling.logarithmic({2: 1.0, 4: 2.0, 16: 8.0}) == pytest.approx(2)

    def test_the_figure_is_drawn(self, tmp_path):
        from bench.scaling_figure import STYLES, draw

        walls = {name: {1: 0.5, 2: 0.6, 5: 0.9} for name in STYLES}
        draw(walls, walls, {name: scaling.fit_line(of) for name, of in walls.items()}, tmp_path / "figure.png")
        assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")

    def test_the_figure_has_one_legend_for_both_panels(self, tmp_path, monkeypatch):
        from matplotlib.figure import Figure

        from bench import scaling_figure

        kept = []
        monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: kept.append(self))
        walls = {name: {1: 0.5, 2: 0.6} for name in scaling_figure.STYLES}
        lines = {name: scaling.fit_line(of) for name, of in walls.items()}
        scaling_figure.draw(walls, walls, lines, tmp_path / "figure.png")
        assert [len(legend.get_texts()) for legend in kept[0].legends] == [len(scaling_figure.STYLES)]
        assert all(axes.get_legend() is None for axes in kept[0].axes)


class TestCalibration:
    def test_it_prints_every_constant_that_the_cost_model_uses(self):
        found = calibrate.calibrate(lambda _: None, repeat_s=0)
        text = calibrate.constants_text(found)
        namespace: dict[str, dict] = {}
        exec(text, namespace)
        for name in ("_ADD", "_POINT", "_PRODUCT", "_MOVE"):
            ours, theirs = namespace[name], getattr(calibrate.methods, name)
            if name == "_POINT":  # of the library that computes here
                assert set(ours) == {library()}
                ours, theirs = ours[library()], theirs[library()]
                assert set(ours["double"]) == set(theirs["double"])
            assert set(ours) == set(theirs)
            for precision, value in theirs.items():
                assert isinstance(ours[precision], type(value))


class TestPage:
    def section(self, title: str, figure: str) -> str:
        goals = [report.Goal("quick", figure, True), report.Goal("small", "-", None)]
        return report.Section(title, "### Part\n\nText.", goals).markdown("Measured today.")

    def test_a_section_says_what_is_met(self):
        text = self.section("Growth", "1.0")
        assert text.startswith("## Growth\n\nMeasured today.\n\n| goal |")
        assert "| quick | 1.0 | met |" in text
        assert "| small | - | not measured |" in text

    def test_the_page_has_its_markers_in_order(self):
        text = command.PAGE.read_text("utf-8")
        assert 0 < text.index(report.BEGIN) < text.index(report.END)

    def test_writing_twice_is_writing_once(self, tmp_path):
        page = tmp_path / "page.md"
        page.write_text(f"# Page\n\n## Kept\n\n{report.BEGIN}\n\n{report.END}\n\nAfter.\n", "utf-8")
        both = [self.section("Growth", "1.0"), self.section("Long files", "2.0")]
        report.update(page, both)
        once = page.read_text("utf-8")
        report.update(page, both)
        assert page.read_text("utf-8") == once
        assert once.index("## Kept") < once.index("## Long files") < once.index("## Growth") < once.index("After.")

    def test_one_section_is_replaced_and_the_others_stay(self, tmp_path):
        page = tmp_path / "page.md"
        page.write_text(f"{report.BEGIN}\n{report.END}\n", "utf-8")
        report.update(page, [self.section("Growth", "1.0"), self.section("Long files", "2.0")])
        report.update(page, [self.section("Growth", "7.0")])
        text = page.read_text("utf-8")
        assert text.count("## Growth") == text.count("## Long files") == 1
        assert "| quick | 7.0 |" in text
        assert "| quick | 2.0 |" in text
        assert "| quick | 1.0 |" not in text

    def test_a_page_without_markers_is_left_alone(self, tmp_path):
        page = tmp_path / "page.md"
        page.write_text("Nothing.\n", "utf-8")
        with pytest.raises(ValueError, match="must hold <!-- bench: begin -->"):
            report.update(page, [self.section("Growth", "1.0")])
        assert page.read_text("utf-8") == "Nothing.\n"

    def test_other_programs_are_owned_up_to(self):
        facts = {"date": "2030-01-01", "cores": "2", "Python": "3.11", "numpy": "2", "scipy": "1"}
        said = report.machine_sentence(facts, "python -m bench", 0.123)
        assert said.startswith("Measured 2030-01-01 on 2 cores with Python 3.11, numpy 2, scipy 1: `python -m bench`.")
        assert said.endswith("Other programs had 12% of the cores meanwhile.")
        assert "Other" not in report.machine_sentence(facts, "python -m bench")

    def test_our_own_work_is_not_that_of_others(self):
        others = busy.Others()
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
        share = others.share()
        assert share is None or 0 <= share <= 1

    def test_a_part_that_fails_leaves_the_others(self, tmp_path, monkeypatch, capsys):
        page, kept = tmp_path / "page.md", tmp_path / "found.json"
        page.write_text(f"{report.BEGIN}\n{report.END}\n", "utf-8")
        monkeypatch.setattr(command, "PAGE", page)

        def measure(part):
            def fail(settings):
                raise OSError("the disk is full")

            return fail if part == "chains" else lambda settings: report.Section("Long files", "Text.", (), {"x": 1.0})

        monkeypatch.setattr(command, "_measure", measure)
        assert command.main(["convolve", "--update-docs", "--json", str(kept)]) == 1
        assert "chains failed: OSError: the disk is full" in capsys.readouterr().err
        assert "## Long files" in page.read_text("utf-8")
        assert json.loads(kept.read_text("utf-8"))["sections"]["Long files"]["x"] == 1.0

    def test_the_machine_is_described_by_what_matters(self):
        assert {"cores", "Python", "numpy", "scipy", "date"} <= set(report.machine()) <= {
            "cores", "Python", "numpy", "scipy", "opencv-python-headless", "date",
        }  # fmt: skip


def test_the_day_of_records_tells_how_far_off_each_event_is_and_what_is_none():
    truth = [10**9 * second for second in (100, 200, 300, 400)]
    wrong, others = seismic_day.errors([100 * 10**9 + 5000, 195 * 10**9, 250 * 10**9, 299_500_000_000], truth)
    assert wrong[:3] == [5e-6, -5.0, -0.5]
    assert np.isnan(wrong[3])
    assert others == 1
    assert seismic_day.errors([], truth)[1] == 0


def test_the_day_of_records_is_what_it_says(tmp_path):
    pymseed = pytest.importorskip("pymseed", reason="pymseed, which writes the records, is not installed")
    day, _, truth = seismic_day.written(tmp_path, 0.2)
    starts = sorted(
        {record.starttime for record in pymseed.MS3Record.from_file(str(day)) if record.sourceid[-1] == "Z"}
    )
    whole = 0.2 * 3600 * (1 + seismic_day.DRIFT_S / 86_400) + sum(seconds for _, seconds in seismic_day.GAPS)
    assert (starts[-1] - starts[0]) / 1e9 == pytest.approx(whole, abs=3.1)
    assert len(truth) > 40
    assert all(min(abs(np.array(starts) - at)) < 3.1e9 for at in truth)
