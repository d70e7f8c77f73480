"""No sentence of the page is without its check: what claims nothing is named as such, all else is held to numbers.

Convention: ``NAMES`` are texts that name, head, ask or tell what to press; ``HELD`` are claims that no input changes,
with the test that holds each; ``SAID`` are sentences chosen by what is there, each with its check against numpy.
"""

# ruff: noqa: RUF001  (the page writes true minus signs)

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from faltung_explain.bilingual import texts_of
from faltung_explain.explain import explain_stage
from faltung_explain.sounds import echoing_room

from pipeline.config.load import load_config

from .conftest import ROOT, draw_nothing

MINUS = "\N{MINUS SIGN}"
PAGE, TRUTH, WAYS, SOUNDS, HERE = (f"test_{name}" for name in ("page", "truth", "ways_in", "sounds", "every_sentence"))

NAMES = frozenset(
    re.findall(
        r"\w+",
        """title other_language lead places nav_run nav_clap nav_launch nav_now nav_read nav_pairs nav_turn nav_noturn
    nav_plane nav_ear nav_essay h_clap p_clap clap_1 clap_2 a_clap clap_at h_launch launch_one launch_all again
    just_show h_now p_now now heard not_yet place_tap not_placed h_read p_read kernel h_pairs solve_label solve_by_none
    solve_by_k solve_by_i h_turn p_turn turn turned_by turn_it turn_slide turn_first h_delay h_noturn latency origin
    frames_late table h_plane p_plane plane_in plane_hook plane_window plane_out how how_stamp how_convolve
    how_correlate how_rows how_transpose plane_start h_arrow arrow_in convolve correlate h_learn learnt_convolve
    learnt_correlate learn_on learn_start learn_turn learnt_turned back_correlate
        back_convolve back_stamp h_backward h_library library_ask h_ear p_ear blind_0 blind_1 real_0 real_1
    hear track_dry track_A track_B track_D track_SA track_SB track_SD hear_dry playhead listen stop wait h_own own_x
    own_h record your_clap recording no_microphone row_y row_r path run_samples done_to_it form_label form_pairs
    form_k form_i h_essay p_essay verdict_right verdict_sloppy verdict_depends verdict_wrong verdict_backwards
    verdict_circular h_say blank_1 blank_2 blank_3 word_tap means_tap word_kernel word_correlation word_origin checked
    claim residual bound lsb preset_run preset_own see_clap see_launch see_now see_read see_pairs see_turn see_delay
    see_noturn see_plane see_arrow see_learn see_ear see_run code_launch""",
    )
)

HELD = {
    "p_launch": (PAGE, "test_samples_are_launched_by_button_and_by_dragging_them_down"),
    "p_pairs": (PAGE, "test_the_pairs_of_a_diagonal_have_indices_that_add_up"),
    "p_delay": (HERE, "test_the_delay_line_keeps_the_newest_sample_first"),
    "turn_done": (PAGE, "test_h_is_turned_by_keys_and_lands_on_what_is_heard"),
    "p_noturn": (PAGE, "test_without_the_turn_the_future_is_hatched_on_its_rows_until_one_waits"),
    "plane_stamp": (PAGE, "test_only_the_half_turn_equals_the_stamps"),
    "plane_sum": (PAGE, "test_only_the_half_turn_equals_the_stamps"),
    "plane_gather": (PAGE, "test_only_the_half_turn_equals_the_stamps"),
    "equals_stamps": (PAGE, "test_only_the_half_turn_equals_the_stamps"),
    "off_stamps": (PAGE, "test_only_the_half_turn_equals_the_stamps"),
    "p_arrow": (PAGE, "test_arrows_are_found_by_correlating_as_they_are"),
    "card": (PAGE, "test_arrows_are_found_by_correlating_as_they_are"),
    "p_learn": (PAGE, "test_weights_learnt_both_ways_end_as_each_other_turned"),
    "learn_done": (PAGE, "test_weights_learnt_both_ways_end_as_each_other_turned"),
    "p_backward": (PAGE, "test_the_backward_pass_of_a_layer_that_does_not_turn_is_a_convolution"),
    "backward": (PAGE, "test_the_backward_pass_of_a_layer_that_does_not_turn_is_a_convolution"),
    "p_library": (TRUTH, "test_the_tiles_of_libraries_are_those_of_the_atlas"),
    "library_convolution": (TRUTH, "test_the_tiles_of_libraries_are_those_of_the_atlas"),
    "library_correlation": (TRUTH, "test_the_tiles_of_libraries_are_those_of_the_atlas"),
    "library_neither": (TRUTH, "test_the_tiles_of_libraries_are_those_of_the_atlas"),
    "blind_ask": (TRUTH, "test_only_a_room_is_asked_for_as_a_room"),
    "blind_yes": (TRUTH, "test_only_a_room_is_asked_for_as_a_room"),
    "blind_no": (TRUTH, "test_only_a_room_is_asked_for_as_a_room"),
    "blind_done": (HERE, "test_three_rounds_are_counted"),
    "hear_A": (PAGE, "test_track_outline_and_sentence_follow_one_control"),
    "hear_B": (PAGE, "test_track_outline_and_sentence_follow_one_control"),
    "hear_D": (PAGE, "test_the_sounds_made_in_the_page_are_those_in_the_folder"),
    "hear_moved": (HERE, "test_a_kernel_that_only_moves_is_said_to_by_ear"),
    "hear_moved_D": (HERE, "test_a_kernel_that_only_moves_is_said_to_by_ear"),
    "hear_same": (HERE, "test_the_ear_is_told_that_two_are_the_same_when_the_facts_say_so"),
    "hear_SA": (HERE, "test_the_symmetric_kernel_has_its_echoes_whatever_the_kernel"),
    "hear_SB": (HERE, "test_the_symmetric_kernel_has_its_echoes_whatever_the_kernel"),
    "hear_SD": (HERE, "test_the_symmetric_kernel_has_its_echoes_whatever_the_kernel"),
    "own_sound": (PAGE, "test_a_wav_of_ones_own_becomes_the_signal"),
    "own_not": (PAGE, "test_a_wav_of_ones_own_becomes_the_signal"),
    "own_room": (WAYS, "test_a_clap_is_recorded_in_the_page_from_disk_and_becomes_the_room"),
    "p_run": (HERE, "test_a_run_launches_what_it_says"),
    "p_run_search": (TRUTH, "test_a_search_is_explained_by_what_a_flip_would_have_found"),
    "filled_1": (PAGE, "test_taps_are_placed_with_keys_and_each_wrong_place_has_its_own_word"),
    "filled_2": (PAGE, "test_taps_are_placed_with_keys_and_each_wrong_place_has_its_own_word"),
    "filled_3": (PAGE, "test_weights_learnt_both_ways_end_as_each_other_turned"),
    "means_kernel": (PAGE, "test_a_clap_is_answered_by_h_and_two_claps_by_their_sum"),
    "means_correlation": (PAGE, "test_for_every_frame_the_shown_sum_is_that_of_numpy"),
    "means_origin": (PAGE, "test_symmetric_and_antisymmetric_presets_are_what_they_say"),
    "checked_more": (SOUNDS, "test_*"),
    "foot": (PAGE, "test_the_page_opens_from_disk_without_asking_for_anything"),
    **{f"preset_{name}": (PAGE, "test_all_presets_equal_the_goldens_of_python")
       for name in ("worked", "echo", "swell", "delay", "difference", "symmetric")},
}  # fmt: skip


def number(text):
    return float(str(text).replace(MINUS, "-"))


def numbers(text):
    return [number(word) for word in str(text).split(", ")]


def indices(text, letter):
    return [int(number(v)) for v in re.findall(rf"{letter}\[({MINUS}?\d+)\]", text)]


class Seen:
    """What stood on the page when sentences were chosen, and the sums that numpy makes of it."""

    def __init__(self, told):
        self.__dict__.update(told)
        self.m = len(self.h)

    def sample(self, i):
        return self.x[i] if 0 <= i < len(self.x) else 0.0

    def y(self, n):
        return sum(self.h[k] * self.sample(n - k + self.origin) for k in range(self.m))

    def r(self, n):
        return sum(self.h[k] * self.sample(n + k - self.origin) for k in range(self.m))

    def met_at(self, n):
        """The taps and samples that are not 0 in y[n], the oldest sample first."""
        pairs = [(k, n - k + self.origin) for k in range(self.m)]
        return sorted(((k, i) for k, i in pairs if self.sample(i)), key=lambda pair: pair[1])

    @property
    def met(self):
        return self.met_at(self.n)

    @property
    def lacks(self):
        at = self.now - self.latency
        frames = [at + k - self.origin for k in range(self.m) if self.h[k]]
        return [i for i in sorted(frames) if self.now < i < len(self.x)]

    def turns(self, sign):
        """Whether r is y times ``sign``, for a signal that hides nothing."""
        noise, kernel = np.random.default_rng(1).standard_normal(50), np.zeros(2 * self.m + 1)
        kernel[self.m - self.origin : 2 * self.m - self.origin] = self.h
        a, b = np.convolve(noise, kernel), np.correlate(noise, kernel, "full")
        return bool(np.abs(b - sign * a).max() < 1e-12)


def _pairs(v, s):
    shown = [tuple(map(int, pair.split(" + "))) for pair in v["pairs"].split(", ")] if v["pairs"] != "–" else []
    assert shown == [(i, k) for k, i in s.met]
    assert all(i + k == s.n + s.origin for i, k in shown)
    assert number(v["total"]) == pytest.approx(s.y(s.n), abs=0.006)
    assert MINUS not in v["pairs"]
    assert (s.origin == 0) == ("o" not in v or v["o"] == 0)


def _spans(v, s):
    for (low, high), frames in (
        (("back", "ahead"), [-k + s.origin for k in range(s.m)]),
        (("back_r", "ahead_r"), [k - s.origin for k in range(s.m)]),
    ):
        assert [number(v[name][1:] or 0) for name in (low, high)] == [min(frames), max(frames)]


def _holds(*facts):
    assert all(facts), facts


SAID = {
    "clap_one": lambda v, s: _holds(numbers(v["h"]) == pytest.approx(s.h, abs=1e-3), s.origin == 0, s.m > 1),
    "clap_alone": lambda v, s: _holds(numbers(v["h"]) == pytest.approx(s.h, abs=1e-3), s.origin == 0, s.m == 1),
    "clap_ahead": lambda v, s: _holds(numbers(v["h"]) == pytest.approx(s.h, abs=1e-3), v["o"] == s.origin > 0),
    "clap_more": lambda v, s: _holds(v["count"] == len(s.claps) != 1),
    "launch_some": lambda v, s: _holds(v["count"] == len(s.sent) < v["all"] == np.count_nonzero(s.x)),
    "launch_done": lambda v, s: _holds(
        numbers(v["y"]) == pytest.approx([s.y(n) for n in s.columns], abs=0.006), len(s.sent) == np.count_nonzero(s.x)
    ),
    "now_place": lambda v, s: _holds(number(v["n"]) == s.n, v["open"] == s.guess.count(None) > 0),
    "tap_right": lambda v, s: _holds(number(v["i"]) == s.n - v["k"] + s.origin),
    "tap_future": lambda v, s: _holds(number(v["i"]) > s.n, s.n - number(v["i"]) + s.origin < 0),
    "tap_gone": lambda v, s: _holds(v["ago"] == s.n - number(v["i"]) > 0, v["ago"] + s.origin >= s.m),
    "tap_newest": lambda v, s: _holds(number(v["i"]) == s.n, s.origin == 0, 0 < v["k"] < s.m),
    "tap_other": lambda v, s: _holds(
        v["age"] == v["ago"] == s.n - number(v["i"]) > 0, v["age"] < s.m, number(v["true"]) == s.n - v["k"]
    ),
    "tap_zero": lambda v, s: _holds(
        0 <= s.n - number(v["i"]) + s.origin == v["age"] < s.m,
        v["o"] == s.origin > 0,
        number(v["true"]) == s.n - v["k"] + s.origin,
    ),
    "now_done": lambda v, s: _holds(indices(v["order"], "h") == np.argsort(s.guess).tolist()),
    "row_reads": lambda v, s: _holds(
        indices(v["h"], "h") == list(range(s.m)), number(v["v"]) == pytest.approx(s.x[v["i"]], abs=0.006)
    ),
    "column_reads": lambda v, s: _holds(
        indices(v["h"], "h") == [k for k, _ in s.met_at(s.column)], number(v["n"]) == s.column
    ),
    "pairs_sum": lambda v, s: _pairs(v, s),
    "pairs_sum_ahead": lambda v, s: _pairs(v, s),
    "solve_none": lambda v, s: _holds(v["m"] == (f"n + {s.origin}" if s.origin else "n")),
    "solve_k": lambda v, s: _holds(indices(v["taps"], "h") == [s.n + s.origin - i for _, i in s.met]),
    "solve_i": lambda v, s: _holds(
        indices(v["samples"], "x") == [s.n - k for k, _ in sorted(s.met)], s.origin == 0, v["m"] == "n"
    ),
    "solve_i_ahead": lambda v, s: _holds(
        indices(v["samples"], "x") == [s.n + s.origin - k for k, _ in sorted(s.met)], v["m"] == f"n + {s.origin}"
    ),
    "turn_open": lambda v, s: _holds(
        indices(v["ahead"], "x") == [i for i in range(s.n + 1, len(s.x)) if 0 <= i - s.n + s.origin < s.m],
        len(v["ahead"]) > 0,
    ),
    "turn_open_none": lambda v, s: _holds(s.n + s.m - 1 - s.origin <= s.n or s.n + 1 >= len(s.x)),
    "lacks": lambda v, s: _holds(indices(v["missing"], "x") == s.lacks, number(v["n"]) == s.now - s.latency),
    "lacks_none": lambda v, s: _holds(
        s.lacks == [], number(v["sum"].rpartition("=")[2]) == pytest.approx(s.r(s.now - s.latency), abs=0.006)
    ),
    "spans": _spans,
    "hides": lambda v, s: _holds(s.turns(1)),
    "signs": lambda v, s: _holds(s.turns(-1)),
    "shows": lambda v, s: _holds(
        not s.turns(1), not s.turns(-1),
        number(v["gap"]) == pytest.approx(max(abs(s.y(n) - s.r(n)) for n in range(-30, 60)), abs=0.006),
    ),
}  # fmt: skip

ON_PAGE = frozenset(  # sentences of `sentences.json`: what test_truth.py holds to the samples, and what names a source
    re.findall(
        r"\w+",
        """worked scene room excerpt every share channel reaching out_channel template_first mean faster made_lower
    resampled stretch shortened same_one_tap silent same opposite differ early late ahead tail is_b is_a is_b_path
    is_a_path is_score score_ncc score_correlation score_matched_filter score_spectrogram fits_nowhere moved""",
    )
)
OF_PICTURES = re.compile(r"(fig|film|identity|begins)_\w+|caption|alt(_about)?|now|heard|not_yet|no_font")
"""Those of figure, film and proofs: test_pictures.py and test_sounds.py."""

KERNELS = [
    ([4, 2, 1], 0), ([2, 0, 0, 1], 0), ([0, 0, 1], 0), ([1, 2, 1], 1), ([1, 0, -1], 1), ([3], 0), ([4, 2], 0),
    ([1, 0, 0], 0), ([1, 2, 4], 2), ([2, 1, 2, 1], 3), ([-1, -2, 5, 0.25], 1), ([1, 2, 1], 0), ([1, -1], 0), ([0], 0),
]  # fmt: skip
SIGNALS = [[0, 3, 1, 2, 0, 0, 0, 0], [-2, 0.5, 3], [5], [0, 0, 0]]
RECORDED = "const say = (key, values = {}) => (globalThis.told ??= []).push([key, values]) && fill("
SNAPSHOT = """() => ({ x: state.x, h: state.h, origin: state.origin, n: state.n, now: waiting.n,
    latency: waiting.latency, claps: room1.claps, sent: [...sent.rows],
    guess: guess.at, columns: columns(), column: looked.n })"""


@pytest.fixture
def recorded(visit, worked, tmp_path):
    """The page of the lesson, made to remember which sentences it chose, and with which values."""
    text = (worked.folder / "index.html").read_text("utf-8")
    choosing = "const say = (key, values = {}) => fill("
    assert text.count(choosing) == 1
    (tmp_path / "index.html").write_text(text.replace(choosing, RECORDED), "utf-8")
    page = visit(worked, reduced_motion="reduce")
    page.goto((tmp_path / "index.html").as_uri())
    return page


def test_every_text_is_a_name_or_has_its_check():
    words, said = texts_of("words.json"), texts_of("sentences.json")
    groups = Counter([*NAMES, *HELD, *SAID])
    assert [key for key, count in groups.items() if count > 1] == []
    assert set(words) == set(groups), set(words) ^ set(groups)
    assert [key for key in said if not OF_PICTURES.fullmatch(key)] == [key for key in said if key in ON_PAGE]
    assert set(said) >= ON_PAGE
    for module, name in HELD.values():
        text = (ROOT / "tests" / "explain" / f"{module}.py").read_text("utf-8")
        assert f"def {name.removesuffix('*')}" in text, name


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.long)])
def test_every_sentence_that_is_chosen_is_true_of_the_numbers_that_are_there(recorded, every):
    met = Counter()

    def looked(acts):
        told, there = recorded.evaluate(f"() => {{ told = []; {acts}; return [told, ({SNAPSHOT})()]; }}")
        seen = Seen(there)
        for key, values in told:
            met[key] += 1
            if key in SAID:
                SAID[key](values, seen)

    for signal in SIGNALS:
        for h, origin in KERNELS if signal is SIGNALS[0] else KERNELS[3:8]:
            recorded.evaluate(f"own({{ x: {signal}, h: {h}, origin: {origin} }})")
            for step, n in enumerate(recorded.evaluate("columns()")[::every]):
                solved, share = ("none", "k", "i")[step % 3], step % 2
                looked(f"pairs.solved = '{solved}'; turned.share = {share}; waiting.n = {n}; "
                       f"waiting.latency = {step % len(h)}; change({{ n: {n} }})")  # fmt: skip
                looked("pairs.solved = 'k'; render('pairs'); pairs.solved = 'i'; render('pairs');"
                       "state.h.forEach((_, k) => range(-4, 12).forEach((i) => judged(k, i)))")  # fmt: skip
                looked("document.getElementById('now-show').click()")
            for claps in ("[1, 4]", "[]", "[2]"):
                looked(f"room1.claps = {claps}; render('clap')")
            looked("sent.rows = new Set(sounding()); render('launch')")
    assert [key for key in SAID if not met[key]] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("which", ["worked", "echo"])
def test_no_word_on_the_page_is_outside_the_texts(visit, request, which, lang):
    page = visit(request.getfixturevalue(which), reduced_motion="reduce")
    page.evaluate("ready()")
    if lang == "zh":
        page.click("#lang")
    left = page.evaluate(
        r"""(lang) => {
        const pattern = (text) => text.split(/\{\w+\}/).map((part) => part.trim()).filter((part) => part.length > 1);
        const parts = Object.values(data.words).flatMap((one) => pattern(one[lang]));
        const said = (key, v) => key !== "en" && key !== "zh" ? walk(v) : typeof v === "string" ? [v] : [];
        const walk = (value) => typeof value === "string" ? [value] : value && typeof value === "object"
            ? Object.entries(value).flatMap(([key, v]) => said(key, v)) : [];
        const { words, ...rest } = data;
        parts.push(...walk(rest).filter((text) => text.length < 2000));
        parts.sort((a, b) => b.length - a.length);
        const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const node = walker.currentNode;
          if (node.parentElement.closest("script, noscript, code, .essay, .libraries")) continue;
          let text = node.textContent;
          for (const part of parts) if (part) text = text.split(part).join(" ");
          if (/[A-Za-z]{3,}|[\u4e00-\u9fff]{3,}/.test(text)) found.push(text.trim());
        }
        return found;
    }""",
        lang,
    )
    assert left == []


def test_scenes_that_the_essay_and_the_notes_name_are_those_they_mean():
    places = ["clap", "launch", "now", "read", "pairs", "turn", "noturn", "plane", "ear"]
    named = 0
    for one in texts_of("essay.json"):
        numbers_ = {
            lang: re.findall(word, one["finding"][lang])
            for lang, word in (("en", r"[Ss]cene (\d)"), ("zh", r"场景 (\d)"))
        }
        assert numbers_["en"] == numbers_["zh"], one["en"]
        named += len(numbers_["en"])
        assert {places[int(n) - 1] for n in numbers_["en"]} <= {one["to"]}, one["en"]
    assert named > 8


def test_the_room_of_the_lesson_has_the_echoes_that_its_name_says():
    h, fs = echoing_room(22_050), 22_050
    ms = [int(n) for n in re.findall(r"(\d+) (?:and|ms)", texts_of("sentences.json")["room"]["en"])]
    loud = np.flatnonzero(np.abs(h) > 0.3) / fs * 1000
    np.testing.assert_allclose(loud, [0, *ms], atol=0.05)
    noise = np.where(np.abs(h) > 0.3, 0, h)
    level = [10 * np.log10((noise[round(a * fs) : round((a + 0.1) * fs)] ** 2).mean()) for a in (0.05, 0.55)]
    assert (level[0] - level[1]) / 0.5 * 0.6 == pytest.approx(60, abs=3)


def test_the_delay_line_keeps_the_newest_sample_first(visit, worked):
    page = visit(worked)
    shown = page.locator("#pic-delay text").all_text_contents()
    assert [text for text in shown if re.fullmatch(r"[xh]\[\d\]", text)] == [
        "x[3]",
        "h[0]",
        "x[2]",
        "h[1]",
        "x[1]",
        "h[2]",
    ]


def test_three_rounds_are_counted(visit, worked):
    page = visit(worked)
    page.evaluate("ready()")
    right = 0
    for j in (0, 1, 0):
        right += page.evaluate(f"blind()[{j}] === 'A'")
        page.evaluate(f"document.getElementById('real-{j}').click()")
    assert page.locator("#said-blind").inner_text().startswith(f"{right} of 3.")


def test_the_ear_is_told_that_two_are_the_same_when_the_facts_say_so(visit, worked):
    page = visit(worked)
    page.evaluate("ready()")
    for apart, same in ((0.0, True), (1e-12, True), (1e-5, False)):
        page.evaluate(f"data.sound.apart = {apart}; ear9.track = 'A'; render('ear')")
        assert ("are the same" in page.locator("#said-ear").inner_text()) == same
        assert page.locator("#blind").is_hidden() == same


def explained(name, signal, folder):
    """A configuration of the gallery, explained without its pictures."""
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        return explain_stage(load_config(ROOT / "configs" / f"{name}.yaml"), ROOT / "data" / signal, folder)


def test_a_kernel_that_only_moves_is_said_to_by_ear(visit, worked, tmp_path):
    page = visit(explained("smooth", "pluck.wav", tmp_path / "smooth"))
    page.evaluate("ready()")
    late, fs = page.evaluate("[subjectOf().h.length - 1, madeOf().fs]")
    time = f"{late / fs * 1e6:.3g} µs earlier"
    for track, words in (("A", f"B is A, {time}"), ("B", f"B is A, {time}"), ("D", f"A less itself, {time}")):
        page.evaluate(f"ear9.track = '{track}'; render('ear')")
        assert words in page.locator("#said-ear").inner_text()
    a, b = (np.array(page.evaluate(f"[...madeOf().all.{track}]")) for track in "AB")
    np.testing.assert_allclose(a[late:], b[:-late], atol=1e-6)
    page.evaluate("heard.name = 'mine.wav'; ear9.track = 'A'; render('ear')")
    assert "earlier" not in page.locator("#said-ear").inner_text()
    page = visit(worked)
    page.evaluate("ready()")
    assert "earlier" not in page.locator("#said-ear").inner_text()


def test_a_stage_that_correlates_opens_on_what_it_computes_and_shows_h_as_it_was_given(visit, tmp_path):
    page = visit(explained("contrast-correlate", "drums.wav", tmp_path / "b"))
    page.evaluate("ready()")
    assert page.locator("#tracks [aria-pressed=true]").get_attribute("data-value") == "B"
    assert page.locator("#pic-ear .outline").get_attribute("data-reach") == "future"
    for path in page.evaluate("data.paths"):
        assert np.argmax(path["outline"]) < 5  # a hall begins loud, as it is drawn where it is launched


def test_both_frames_of_a_search_are_in_sight_and_no_word_lies_on_a_line(visit, tmp_path):
    page = visit(explained("match", "chirps.wav", tmp_path / "m"))
    page.evaluate(
        "ready(); const all = tracksOfRun().all; all.A.fill(0); all.B.fill(0);"
        "const at = tracksOfRun().zero, m = runSubject().h.length; all.B[at] = all.A[at + m - 1] = 1; render('run')"
    )
    frames = page.evaluate("""[...document.querySelectorAll('#pic-run [data-fits]')].map((part) =>
        ['x', 'y', 'width', 'height'].map((name) => Number(part.getAttribute(name))))""")
    (x, y, width, height), (left, top, wide, high) = frames
    assert (left, top, wide, high) == (x - 4, y - 4, width + 8, height + 8)
    lines, words = page.evaluate("""['#pic-run line[stroke-dasharray]', '#pic-run text'].map((what) =>
        [...document.querySelectorAll(what)].map((part) => { const b = part.getBoundingClientRect();
            return [part.textContent, b.left, b.right, b.top, b.bottom]; }))""")
    for word, a, b, up, down in words:
        assert not [word for _, c, d, to, bottom in lines if a + 1 < d and c < b - 1 and up < bottom and to < down], (
            word
        )


def test_the_picture_of_a_run_has_no_room_for_nothing(visit, tmp_path):
    page = visit(explained("time-series", "sensor.csv", tmp_path / "t"))
    page.evaluate("ready()")
    width, places = page.evaluate("""() => { const svg = document.querySelector('#pic-run svg');
        return [svg.clientWidth, svg.querySelector('path').getAttribute('d').match(/[-.0-9]+/g)]; }""")
    x, y = np.array(places, float).reshape(-1, 2).T
    heard = x[np.abs(y - 46) > 0.5]  # what is not silence, in the row of the signal
    assert heard.max() - heard.min() > 0.75 * width


@pytest.mark.parametrize("taps", [[1.0], [1.0, 0.5]])
def test_the_symmetric_kernel_has_its_echoes_whatever_the_kernel(visit, worked, taps):
    page = visit(worked)
    made = page.evaluate(
        f"(() => {{ const x = new Float64Array(400); x[0] = 1; const m = tracks(x, {{ taps: Float64Array.from({taps}), "
        f"length: {len(taps)}, origin: 0 }}, 1000); return [[...m.all.SA], [...m.all.SB], m.zero]; }})()"
    )
    a, b, zero = np.array(made[0]), np.array(made[1]), made[2]
    assert (np.flatnonzero(a) - zero).tolist() == [-180, 0, 180]
    np.testing.assert_array_equal(a, b)


def test_a_run_launches_what_it_says(visit, echo):
    page = visit(echo)
    page.evaluate("ready()")
    loud = page.evaluate("madeOf().all.dry.length")
    assert 1 <= page.locator("#pic-run .tail").count() <= 3
    page.evaluate(f"tracksOfRun().all.dry.fill(0); tracksOfRun().all.dry[{loud} >> 1] = 1; render('run')")
    assert page.locator("#pic-run .tail").count() == 1
