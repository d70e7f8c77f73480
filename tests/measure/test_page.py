"""The page of a measured room: whole, one file, with the figures, in a real browser; JSON and CSV beside it."""

import json
import re

import faltung_measure
import numpy as np
import pytest
from faltung_measure.page import measure_page, write_report
from faltung_measure.voice import voice

import pipeline
from pipeline.errors import ReadError, UsageError

from .rooms import distorted, recorded, rooms
from .test_sweep import small

FS = 16_000


@pytest.fixture(scope="module")
def made():
    sweep, h = small(repeats=2, channels=["left", "right"]), rooms(0.3, FS, 2, 2, seed=6)
    y, _ = recorded(distorted(sweep.signal(), 0.05, sweep.level), h, FS, ppm=-12.5, noise_db=-60)
    return faltung_measure.measure_room(y, sweep)


@pytest.fixture(scope="module")
def page(made):
    return measure_page(made)


def test_the_page_says_what_was_measured(made, page):
    assert "\N{MINUS SIGN}12.50 ppm" in page
    assert page.count("data:image/png;base64,") == 12  # wide, and narrow for a phone
    assert page.count("data:audio/wav;base64,") == 2
    for path in ("LL", "LR", "RL", "RR"):
        assert f"<caption>{path}</caption>" in page
    t30 = made.paths[0].octaves[-2].t30_s
    assert f'<td class="n" data-l="T30, s">{t30:.2f}</td>' in page
    assert len(page) < 3_000_000


def test_nothing_is_fetched_from_elsewhere(page):
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)
    assert "http" not in page.replace("http-equiv", "")


def test_what_a_file_is_called_does_no_harm(made):
    from dataclasses import replace

    named = replace(made, takes=(replace(made.takes[0], name='"><script>alert(1)</script>'),), warnings=("<b>x</b>",))
    text = measure_page(named)
    assert "<script>alert" not in text
    assert "<b>x" not in text


def test_the_report_is_three_files_or_none(made, tmp_path):
    names = write_report(made, tmp_path / "out" / "room.html")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["room.csv", "room.html", "room.json"]
    assert len(names) == 3
    assert json.loads((tmp_path / "out" / "room.json").read_text())["fs"] == FS
    (tmp_path / "out" / "room.html").unlink()
    with pytest.raises(UsageError, match="exists"):
        write_report(made, tmp_path / "out" / "room.html")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["room.csv", "room.json"]
    with pytest.raises(UsageError, match=r"ends in \.html"):
        write_report(made, tmp_path / "room.pdf")


def test_a_recording_is_heard_in_the_room(made, tmp_path):
    pipeline.write(tmp_path / "speech.wav", 0.1 * np.random.default_rng(1).standard_normal(8000), 8000)
    assert "speech.wav" in measure_page(made, tmp_path / "speech.wav")
    pipeline.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    with pytest.raises(ReadError, match="holds no sound"):
        measure_page(made, tmp_path / "silent.wav")


@pytest.mark.parametrize("fs", [8000, 44_100, 96_000])
def test_the_made_voice_is_a_voice(fs):
    x = voice(fs)
    assert np.abs(x).max() == pytest.approx(0.5)
    assert np.isfinite(x).all()
    f = np.fft.rfftfreq(len(x), 1 / fs)
    power = np.abs(np.fft.rfft(x)) ** 2
    assert power[(f > 100) & (f < 3500)].sum() > 0.9 * power.sum()


def test_the_page_works_in_a_browser(made, page, browser, tmp_path):
    (tmp_path / "room.html").write_text(page, "utf-8")
    context = browser.new_context(viewport={"width": 320, "height": 800}, offline=True)
    tab = context.new_page()
    problems, asked = [], []
    tab.on("console", lambda message: problems.append(message.text))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "room.html").as_uri())
    tab.wait_for_function("document.getElementById('wet').readyState >= 1")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = "[...document.querySelectorAll('figure')].filter((f) => f.scrollWidth > f.clientWidth).length"
    assert tab.evaluate(cut) == 0  # a narrow picture, not the half of a wide one
    shapes = tab.evaluate("[...document.querySelectorAll('figure img')].map((i) => i.naturalWidth / i.naturalHeight)")
    assert max(shapes) < 2
    named = tab.evaluate("getComputedStyle(document.querySelector('tbody td'), '::before').content")
    assert "EDT" in named  # the heads of the columns are out of sight there
    assert tab.evaluate("document.getElementById('wet').duration > document.getElementById('dry').duration")
    tab.focus("#lag")
    tab.keyboard.press("Home")
    assert tab.get_attribute("#lag", "aria-valuetext").startswith("\u2212")
    before = tab.evaluate("document.getElementById('plane').toDataURL()")
    tab.keyboard.press("End")
    assert tab.evaluate("document.getElementById('plane').toDataURL()") != before
    tab.click("#swap")
    tab.wait_for_function("!document.getElementById('wet').paused")
    tab.click("#play")
    tab.wait_for_function("document.getElementById('lag').value < 0.9")
    context.close()
    assert problems == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
