"""The picture and the page of a search: their numbers, what the page says, and the page in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile as sf
from faltung_match_report import search_page
from faltung_match_report.picture import STRETCHES, levels_of, picture_of
from faltung_match_report.search_page import match_figure, match_page
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from pipeline.config.load import validate_config
from pipeline.dsp.envelope import Envelope
from pipeline.dsp.spectrogram import Grid, spectrogram
from pipeline.job import Hooks, Job, run_job
from tests.batch.test_report import visit  # noqa: F401
from tests.browser import until
from tests.match.helpers import chirp, coloured

FS, M = 8000, 400
STARTS, GAINS = (3_000, 12_345, 70_000), (2.0, 0.5, 1.0)
PNG = (b"\x89PNG", b"\x89PNG")


def searched(folder, name="day.wav", **settings):
    """The picture of a search for a call that was put in three times, louder and softer, into a second channel."""
    x = np.stack([0.02 * coloured(80_000, seed) for seed in (1, 2)], axis=1)
    for start, gain in zip(STARTS, GAINS, strict=True):
        x[start : start + M, 1] += gain * chirp(M)
    sf.write(folder / name, x, FS, subtype="FLOAT")
    sf.write(folder / "call.wav", chirp(M), FS, subtype="FLOAT")
    stage = {"use": "match", "template": str(folder / "call.wav"), "threshold": "1 per hour", **settings}
    job = Job.of(validate_config({"version": 1, "stages": [stage]}).settings)
    waveform, scores = Envelope(STRETCHES), Envelope(STRETCHES)
    report = run_job(job, folder / name, None, hooks=Hooks(envelope_in=waveform, envelope_out=scores))
    return picture_of(job, folder / name, report, waveform, scores), report, x


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    picture, report, x = searched(folder)
    (folder / "out").mkdir()
    path = folder / "out" / "day.html"
    path.write_text(match_page(picture, folder / "day.wav", folder / "out"), "utf-8")
    return picture, report, x, path


class Table(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.rows, self.links, self._in = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        self._in = tag in ("td", "th") or (self._in and tag == "a")
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        if self._in:
            self.rows[-1][-1] += data


# ---- numbers --------------------------------------------------------------------------------------------------------


def test_the_best_and_the_worst_event_have_the_template_at_the_gain_it_was_put_in_at(day):
    picture, report, x, _ = day
    ranked = sorted(report.events[0].events, key=lambda event: event.score)
    assert [event.start_frame for event in ranked] == [12_345, 70_000, 3_000]
    for overlay, event, gain in ((picture.best, ranked[-1], 2.0), (picture.worst, ranked[0], 0.5)):
        assert overlay.event == event
        window = np.asarray(x[event.start_frame : event.start_frame + M, 1], np.float32).astype(float)
        np.testing.assert_array_equal(overlay.window, window)
        t = chirp(M).astype(np.float32).astype(float)
        fit, *_ = np.linalg.lstsq(np.stack([t, np.ones(M)], axis=1), window, rcond=None)
        assert overlay.gain == pytest.approx(fit[0], rel=1e-9)
        assert overlay.gain == pytest.approx(gain, abs=0.1)
        np.testing.assert_allclose(overlay.fitted, fit[0] * t + fit[1], atol=1e-9)


def test_the_outlines_are_those_of_signal_and_scores_and_the_decoys_are_the_highest_of_each_stretch(day):
    picture, report, x, _ = day
    width = round(picture.waveform_step_s * FS)
    assert len(picture.waveform) == -(-80_000 // width) <= STRETCHES
    first = np.asarray(x[:width], np.float32)
    assert picture.waveform[0].tolist() == [first.min(), first.max()]
    best = max(event.score for event in report.events[0].events)
    assert picture.scores[:, 1].max() == best
    assert picture.scores[3_000 // width, 1] == best
    decoys = report.found[0][1].decoys
    size, stretch = np.abs(decoys.score), decoys.frame // width
    expected = {
        (float(decoys.frame[i] / FS), size[i])
        for s in set(stretch)
        for i in [np.where(stretch == s, size, -1).argmax()]
    }
    assert {tuple(row) for row in picture.decoys} == expected


def test_of_a_long_template_the_stretch_around_its_peak_is_seen(tmp_path):
    long = np.concatenate([np.zeros(3000), chirp(M)])
    sf.write(tmp_path / "long.npy.wav", long, FS, subtype="FLOAT")
    picture, _, x = searched(tmp_path, template=long.tolist(), threshold=0.3)
    overlay = picture.best
    seen = round((overlay.start_s - overlay.event.start_s) * FS)
    assert len(overlay.window) == 800
    assert seen <= 3000 < seen + 800
    start = overlay.event.start_frame + seen
    np.testing.assert_allclose(overlay.window, x[start : start + 800, overlay.event.channel], atol=1e-7)


@pytest.mark.parametrize("polarity", ["positive", "negative", "both"])
def test_what_a_flip_would_have_found_is_drawn_and_named(tmp_path, polarity):
    """A mirror image in the recording: the template reversed finds it, and nothing of it is an event."""
    x = 0.02 * coloured(80_000, 7)
    x[20_000 : 20_000 + M] += chirp(M)
    x[50_000 : 50_000 + M] += (-2 if polarity == "negative" else 2) * chirp(M)[::-1]
    sf.write(tmp_path / "day.wav", x, FS, subtype="FLOAT")
    sf.write(tmp_path / "call.wav", chirp(M), FS, subtype="FLOAT")
    stage = {"use": "match", "template": str(tmp_path / "call.wav"), "polarity": polarity, "threshold": 0.8}
    job = Job.of(validate_config({"version": 1, "stages": [stage]}).settings)
    waveform, scores = Envelope(STRETCHES), Envelope(STRETCHES)
    report = run_job(job, tmp_path / "day.wav", None, hooks=Hooks(envelope_in=waveform, envelope_out=scores))
    picture = picture_of(job, tmp_path / "day.wav", report, waveform, scores)
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, np.float32).astype(float), M)
    windows = windows - windows.mean(axis=1, keepdims=True)
    t = chirp(M)[::-1] - chirp(M).mean()
    direct = windows @ t / np.linalg.norm(t) / np.linalg.norm(windows, axis=1)
    width = scores.width
    assert len(picture.turned) == len(picture.scores) == -(-len(direct) // width)  # no line where no window fits
    for k in (0, 3, 50_000 // width, len(picture.turned) - 1):
        here = direct[k * width : (k + 1) * width]
        np.testing.assert_allclose(picture.turned[k], [here.min(), here.max()], atol=1e-4)
    words = search_page.best_words(picture, picture.turned)
    size = -direct if polarity == "negative" else direct
    sign = "\N{MINUS SIGN}" if polarity == "negative" else ""
    assert words.startswith(f"score {sign}{size.max():.3f} at 6.2")
    assert words.endswith("would count")
    assert not any(event.start_frame == 50_000 for event in report.events[0].events)
    html = match_page(picture, tmp_path / "day.wav", tmp_path, PNG)
    assert words in html
    assert "template reversed, what a flip would find" in html
    labels = [text.get_text() for text in match_figure(picture).subfigs[0].axes[1].get_legend().get_texts()]
    assert labels[:2] == ["template reversed: what a flip finds", "template"]
    start = {"positive": "Score of at least 0.8", "negative": "Score of at most \N{MINUS SIGN}0.8"}
    assert start.get(polarity, "|score| of at least 0.8") in html


def test_many_events_do_not_hide_the_signal(day, monkeypatch):
    picture, *_ = day
    assert len(match_figure(picture).subfigs[0].axes[0].patches) == 3
    monkeypatch.setattr(search_page, "_COMB", 2)
    assert len(match_figure(picture).subfigs[0].axes[0].patches) == 0


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(("name", "start_s"), [("a_long_name_" * 9, 86_399.123), ("drums@0.6s", 2.45467), ("w", 8.8)])
def test_titles_stay_in_the_picture_however_long_a_name_is(day, narrow, name, start_s):
    picture, *_ = day
    worst = replace(picture.worst, event=replace(picture.worst.event, template=name, start_s=start_s), gain=0.17788)
    made = match_figure(replace(picture, worst=worst), narrow=narrow)
    FigureCanvasAgg(made).draw()
    for axes in made.subfigs[1].axes:
        assert axes.get_title(loc="left").startswith(("Best: ", "Worst: "))
        titles = [text for text in axes.findobj(Text) if text.get_text() == axes.get_title(loc="left")]
        assert max(text.get_window_extent().x1 for text in titles) <= made.bbox.x1 - 3


@pytest.mark.parametrize("threshold", [0.999, "mad 1e9"])
def test_without_events_there_is_a_picture_too(tmp_path, threshold):
    picture, _, _ = searched(tmp_path, threshold=threshold, polarity="both")
    assert (picture.best, picture.worst) == (None, None)
    assert len(match_figure(picture).subfigs) == 1  # no empty lower half
    html = match_page(picture, tmp_path / "day.wav", tmp_path, PNG)
    assert "0 events in" in html
    assert "<table>" not in html
    assert search_page.best_words(picture, picture.scores) in html
    assert "stays below the threshold" in html


def test_of_spectrograms_the_levels_are_the_highest_and_events_stand_beside_the_template(
    tmp_path,
):
    seen = {"window": "16 ms", "hop": "4 ms", "low": 500, "high": "3 kHz"}
    template = str(tmp_path / "day.wav")
    picture, report, x = searched(
        tmp_path, domain="spectrogram", spectrogram=seen, threshold=0.6,
        template={"file": template, "start": "12352 samples", "length": "384 samples", "name": "call"},
    )  # fmt: skip
    fs, (levels, best) = FS, (picture.levels, picture.best)
    grid = Grid(128, 32, 8, 49, 1e-4)
    whole = spectrogram(np.asarray(x, np.float32), grid).reshape(-1, 2, 41)
    wide = -(-len(whole) // 2048)
    assert levels.values.shape == (-(-len(whole) // wide), 41)
    for k in (0, 300, len(levels.values) - 1):
        np.testing.assert_allclose(levels.values[k], whole[wide * k : wide * k + wide].max(axis=(0, 1)), atol=1e-9)
    assert levels.span[0] == pytest.approx((64 - 16) / fs)
    assert levels.span[1] == pytest.approx(levels.span[0] + len(levels.values) * wide * 32 / fs)
    assert levels.band == ((8 - 0.5) * fs / 128, (48 + 0.5) * fs / 128)
    assert report.events[0].band == (500.0, 3000.0)
    assert best.event.start_frame == 12_352
    np.testing.assert_allclose(best.window.values, best.template.values, atol=1e-3)
    assert best.window.span[0] == pytest.approx((12_352 + 48) / fs)
    assert picture.worst.event.score < best.event.score
    drawn = match_figure(picture)
    upper, lower = drawn.subfigs
    assert len(upper.axes[0].images) == 1
    assert len(upper.axes[0].patches) == len(report.events[0].events)
    assert [len(axes.images) for axes in lower.axes] == [1, 1, 1, 1]


@pytest.mark.parametrize("block", [100, 7_001, 10**6])
@pytest.mark.parametrize("bins", [3, 600])
def test_a_recording_with_more_columns_and_bins_than_dots_is_outlined_in_any_blocks(block, bins):
    grid = Grid(2048, 4, 1, 1 + bins, 1e-3)
    x = np.random.default_rng(4).standard_normal((2048 + 4 * 4_999, 1))
    x[3_000] = np.nan
    levels = levels_of((x[i : i + block] for i in range(0, len(x), block)), len(x), 1, grid, 100.0)
    whole, high = spectrogram(x, grid), -(-bins // 256)
    assert levels.values.shape == (1_667, -(-bins // high))
    for k in (0, 1, 10, 700, 1_666):
        part = whole[3 * k : 3 * k + 3]
        expected = [np.fmax.reduce(part[:, f : f + high], axis=None) for f in range(0, bins, high)]
        np.testing.assert_allclose(levels.values[k], expected, atol=1e-9)
    assert np.isnan(levels.values[200]).all()


def test_a_recording_without_a_window_is_outlined_by_nothing():
    assert levels_of([np.zeros((5, 1))], 5, 1, Grid(16, 4, 0, 9, 1e-3), 8e3).values.shape == (0, 9)


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_lists_the_events_with_links_that_play_them(day):
    picture, report, _, path = day
    html = path.read_text("utf-8")
    table = Table(html)
    assert [[cell.strip() for cell in row[:4]] for row in table.rows[1:]] == [
        [f"{event.start_s:.4f}", "call", f"{event.end_s:.4f}", "1"] for event in report.events[0].events
    ]
    assert table.links == [f"../day.wav#t={e.start_s},{e.end_s}" for e in report.events[0].events]
    assert report.events[0].how in html
    assert f"{picture.events.decoys:,}" in html
    assert len(html.encode()) < 700_000
    assert not re.search(r'(src|href)="(?!data:|\.\./day\.wav#)', html)


def test_the_strongest_of_many_events_are_listed(day, monkeypatch):
    picture, *_ = day
    monkeypatch.setattr(search_page, "MOST_ROWS", 2)
    html = match_page(picture, "day.wav", day[3].parent, PNG)
    assert [row[0].strip() for row in Table(html).rows[1:]] == ["0.3750", "8.7500"]
    assert "the 2 with the highest scores" in html


def test_names_are_out_for_no_trouble(tmp_path):
    name = '<script>"x&.wav'
    picture, _, _ = searched(tmp_path, name, template=[{"file": str(tmp_path / "call.wav"), "name": "<b>\u202e"}])
    html = match_page(picture, tmp_path / name, tmp_path, PNG)
    assert '<script>"x' not in html
    assert "<b>" not in html
    assert "\u202e" not in re.sub(r'"[^"]*"', "", html)


def test_a_recording_that_browsers_do_not_play_has_no_button(day):
    picture, *_ = day
    assert 'class="play"' in match_page(picture, "day.flac", day[3].parent, PNG)
    assert 'class="play"' not in match_page(picture, "day.csv", day[3].parent, PNG)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("domain", [{}, {"domain": "spectrogram"}])
@pytest.mark.parametrize("threshold", [0.9999, 0.4])
def test_every_word_of_a_picture_lies_inside_it(tmp_path, threshold, domain, narrow):
    picture, *_ = searched(tmp_path, threshold=threshold, **domain)
    assert (picture.best is None) == (threshold == 0.9999)
    made = match_figure(picture, narrow=narrow)
    FigureCanvasAgg(made).draw()
    assert len(made.axes) >= 2
    for axes in made.axes:  # with title, labels and legend
        for line in axes.lines:
            line.set_in_layout(len(line.get_xdata()) > 0)  # one without points has no place
        box = axes.get_tightbbox()
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= made.bbox.x1
        assert box.y1 <= made.bbox.y1


# ---- in a browser ---------------------------------------------------------------------------------------------------


def test_a_click_plays_the_recording_from_the_event_on(visit, day):  # noqa: F811
    opened = visit(day[3])
    opened.locator(".play").nth(1).click()
    until(opened, "document.querySelector('audio').readyState > 0 && document.querySelector('audio').currentTime > 1")
    assert 1.5 < opened.evaluate("document.querySelector('audio').currentTime") < 1.7
    assert "day.wav" in opened.evaluate("document.querySelector('audio').src")
    assert opened.complaints == []
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []


def test_the_table_is_sorted_by_numbers(visit, day):  # noqa: F811
    opened = visit(day[3])
    opened.get_by_role("button", name="start, s").click()
    firsts = opened.locator("tbody th a")
    assert [firsts.nth(i).inner_text() for i in range(3)] == ["8.7500", "1.5431", "0.3750"]
    assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_it_fits_the_window_and_axe_finds_nothing(visit, day, width, scheme):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    opened = visit(day[3], viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened.locator(".play").first.click()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(opened).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []


def test_nothing_is_drawn_where_there_is_no_sample_or_no_score(tmp_path):
    x = 0.02 * coloured(80_000, 1)
    x[3_000 : 3_000 + M] += chirp(M)
    x[20_000:50_000] = np.nan
    sf.write(tmp_path / "day.wav", x, FS, subtype="FLOAT")
    sf.write(tmp_path / "call.wav", chirp(M), FS, subtype="FLOAT")
    stage = {"use": "match", "template": str(tmp_path / "call.wav"), "threshold": 0.5}
    job = Job.of(validate_config({"version": 1, "stages": [stage], "nonfinite": "propagate"}).settings)
    waveform, scores = Envelope(STRETCHES), Envelope(STRETCHES)
    report = run_job(job, tmp_path / "day.wav", None, hooks=Hooks(envelope_in=waveform, envelope_out=scores))
    picture = picture_of(job, tmp_path / "day.wav", report, waveform, scores)
    for outline, step, first, last in (
        (picture.waveform, picture.waveform_step_s, 20_000, 50_000),
        (picture.scores, picture.scores_step_s, 20_000 - M + 1, 50_000),
        (picture.turned, picture.scores_step_s, 20_000 - M + 1, 50_000),
    ):
        empty, width = np.flatnonzero(np.isnan(outline[:, 0])), round(step * FS)
        assert empty.tolist() == list(range(-(-first // width), last // width))
    assert "score" in search_page.best_words(picture, picture.turned)
    match_figure(picture).draw_without_rendering()


def test_times_have_as_many_digits_as_tell_frames_apart_and_long_recordings_hours(day):
    picture, *_ = day
    slow = replace(picture.events, fs=0.1)
    table = Table(match_page(replace(picture, events=slow), "day.wav", day[3].parent, PNG))
    assert table.rows[1][0].strip() == f"{slow.events[0].start_s:.0f}"
    axes = match_figure(replace(picture, events=slow)).subfigs[0].axes[1]
    axes.figure.figure.draw_without_rendering()
    assert axes.get_xlabel() == "h"
    shown = [float(t.get_text()) for t in axes.get_xticklabels()]
    np.testing.assert_allclose(shown, axes.get_xticks() / 3600)
    assert "(222:13:20)" in match_page(replace(picture, events=slow), "day.wav", day[3].parent, PNG)
