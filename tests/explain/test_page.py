"""The page in a real browser: from disk, without a network, with the keyboard, in both languages, at any width."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import soundfile as sf

from pipeline.explain.example import PRESETS, WORKED, Example
from tests.browser import until

VIEWS = ("launch", "gather", "delay", "listen")


def choose(page, name, value):
    page.check(f'input[name={name}][value="{value}"]', force=True)


def show(page):
    page.locator("#answers button").last.click()


def shown_sums(page):
    """Every frame of the slider, and the sum that is shown there, in full and in words."""
    return page.evaluate(
        """() => {
            const slider = document.getElementById("n"), out = document.getElementById("sum"), all = [];
            for (let n = Number(slider.min); n <= Number(slider.max); n += 1) {
                slider.value = n; slider.dispatchEvent(new Event("input"));
                all.push([n, Number(out.dataset.sum), out.textContent, slider.getAttribute("aria-valuetext")]);
            }
            return all;
        }"""
    )


def embedded(explained):
    html = (explained.folder / "index.html").read_text("utf-8")
    return html, json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.S)[1])


def test_the_page_opens_from_disk_without_asking_for_anything(visit, worked):
    page = visit(worked)
    assert page.title() == "Why is the kernel flipped?"
    for view in VIEWS:
        for kind in ("convolve", "correlate"):
            choose(page, "view", view)
            choose(page, "kind", kind)
            show(page)
            assert page.locator("#picture svg").count() == 1
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.asked if url.startswith("file:")]) == 1
    assert page.complaints == []


def test_the_page_is_one_file_under_3_mb_that_names_no_other(worked, echo):
    for explained in (worked, echo):
        html, _ = embedded(explained)
        assert len(html.encode()) < 3_000_000
        assert not re.search(r'(src|href)="(?!data:)', html)
        assert re.findall(r"https?://[^\"' ]+", html) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("view", ["launch", "gather", "delay"])
def test_for_every_frame_the_shown_sum_is_that_of_numpy(visit, worked, view):
    page = visit(worked)
    choose(page, "view", view)
    x, h = WORKED.x, WORKED.h
    y = dict(zip(range(10), np.convolve(x, h), strict=True))
    r = dict(zip(range(-2, 8), np.correlate(x, h, "full"), strict=True))
    for kind, letter, expected in (("convolve", "y", y), ("correlate", "r", r)):
        choose(page, "kind", kind)
        shown = shown_sums(page)
        assert [n for n, *_ in shown] == list(range(-2, 10))
        assert {n: value for n, value, *_ in shown} == {n: expected.get(n, 0.0) for n in range(-2, 10)}
        for n, value, text, spoken in shown:
            assert text == spoken
            assert text.startswith(f"{letter}[{n}]".replace("-", "\N{MINUS SIGN}"))
            assert float(text.rpartition("=")[2].replace("\N{MINUS SIGN}", "-")) == value


def test_the_sum_at_3_is_spoken_as_on_paper(visit, worked):
    page = visit(worked)
    choose(page, "view", "gather")
    show(page)
    assert page.locator("#n").get_attribute("aria-valuetext") == "y[3] = 4 + 0 + 3 = 7"


def test_all_presets_equal_the_goldens_of_python(visit, worked):
    page = visit(worked)
    for index, (name, h) in enumerate(PRESETS.items()):
        page.select_option("#preset", str(index))
        example = Example.of(WORKED.x, h)
        for kind in ("convolve", "correlate"):
            choose(page, "kind", kind)
            np.testing.assert_allclose([s[1] for s in shown_sums(page)], example.output(kind), atol=1e-12, err_msg=name)
        assert float(page.locator("#checked").get_attribute("data-residual")) < 1e-12
        assert float(page.locator("#identity").get_attribute("data-residual")) < 1e-12


def test_the_excerpt_of_the_run_comes_first_and_is_named(visit, echo):
    page = visit(echo)
    _, data = embedded(echo)
    assert "drums.wav: frames" in page.locator("#name").inner_text()
    assert "every 12,000th" in page.locator("#name").inner_text()
    first = data["presets"][0]
    np.testing.assert_allclose(
        [s[1] for s in shown_sums(page)][len(first["h"]) - 1 :], np.convolve(first["x"], first["h"])
    )


def test_taps_can_be_edited(visit, worked):
    page = visit(worked)
    page.fill("#edit0", "-2")
    page.press("#edit0", "Tab")
    page.click("#more")
    page.fill("#edit3", "5")
    page.press("#edit3", "Enter")
    assert page.evaluate("[...document.querySelectorAll('#taps input')].map((i) => i.valueAsNumber)") == [-2, 2, 1, 5]
    np.testing.assert_allclose([s[1] for s in shown_sums(page)][3:], np.convolve(WORKED.x, [-2, 2, 1, 5]))
    assert float(page.locator("#identity").get_attribute("data-residual")) == 0
    page.click("#less")
    assert page.locator("#taps input").count() == 3


def test_arrow_keys_move_now_and_reveal_the_sum(visit, worked):
    page = visit(worked)
    assert "Predict first" in page.locator("#n").get_attribute("aria-valuetext")
    page.focus("#n")
    page.keyboard.press("ArrowRight")
    assert page.locator("#sum").inner_text() == "y[4] = 8 + 2 + 0 = 10"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#n").get_attribute("aria-valuetext") == "y[2] = 0 + 6 + 0 = 6"


def test_everything_is_reached_with_the_keyboard(visit, worked):
    page = visit(worked)
    page.keyboard.press("Tab")
    reached = []
    for _ in range(60):
        reached.append(
            page.evaluate(
                "(document.activeElement.id || document.activeElement.name || document.activeElement.tagName)"
            )
        )
        page.keyboard.press("Tab")
    assert {"lang", "view", "kind", "preset", "edit0", "n", "play", "01_dry"} <= set(reached)


def test_views_and_operations_are_chosen_with_arrow_keys(visit, worked):
    page = visit(worked)
    page.focus("input[name=kind][value=convolve]")
    page.keyboard.press("ArrowRight")
    assert page.locator("#sum").inner_text() == "r[3] = ?"
    page.focus("input[name=view][value=launch]")
    page.keyboard.press("ArrowRight")
    assert "which sample meets which tap" in page.locator("#stage").inner_text()


@pytest.mark.parametrize("view", VIEWS)
def test_a_question_comes_before_each_reveal(visit, worked, view):
    page = visit(worked)
    choose(page, "view", view)
    for kind in ("convolve", "correlate"):
        choose(page, "kind", kind)
        assert page.locator("#ask").is_visible()
        assert page.locator("#why").is_hidden()
        page.locator("#answers button").first.click()
        assert page.locator("#ask").is_hidden()
        assert page.locator("#why").inner_text().startswith(("Yes.", "Not quite."))


def test_convolve_stays_in_what_is_heard_and_correlate_reaches_into_the_hatched_zone(visit, worked):
    page = visit(worked)
    choose(page, "view", "gather")
    for kind, frames in (("convolve", [3, 2, 1]), ("correlate", [3, 4, 5])):
        choose(page, "kind", kind)
        show(page)
        until(page, "document.getAnimations().length === 0")
        assert page.evaluate("[...document.querySelectorAll('.tap')].map((t) => Number(t.dataset.frame))") == frames
        zone = page.locator("#picture .notyet").bounding_box()
        inside = [
            box["x"] + box["width"] / 2 > zone["x"]
            for box in (tap.locator("path").bounding_box() for tap in page.locator(".tap").all())
        ]
        assert inside == [False, kind == "correlate", kind == "correlate"]


def test_the_delay_line_lacks_what_has_not_come(visit, worked):
    page = visit(worked)
    choose(page, "view", "delay")
    show(page)
    assert page.locator("#picture .notyet").count() == 0
    choose(page, "kind", "correlate")
    show(page)
    assert page.locator("#picture rect.notyet").count() == 2


def test_taps_are_seen_turning_unless_motion_is_to_be_reduced(visit, worked):
    for motion, moving in (("no-preference", 2), ("reduce", 0)):
        page = visit(worked, reduced_motion=motion)
        choose(page, "view", "gather")
        show(page)
        until(page, "document.getAnimations().length === 0")
        choose(page, "kind", "correlate")
        assert page.evaluate("document.getAnimations().length") == 0
        show(page)
        assert page.evaluate("document.getAnimations().length") >= moving
        if not moving:
            assert page.evaluate("document.getAnimations().length") == 0


def test_each_audio_has_its_length_and_plays(visit, worked):
    page = visit(worked)
    lengths = page.evaluate(
        """async () => {
            const out = {};
            for (const audio of document.querySelectorAll("audio")) {
                if (audio.readyState < 1) await new Promise((done) => audio.addEventListener("loadedmetadata", done));
                audio.muted = true;
                await audio.play();
                audio.pause();
                out[audio.id] = [audio.duration, audio.error];
            }
            return out;
        }"""
    )
    sounds = {path.stem: sf.info(path) for path in worked.folder.glob("*.wav")}
    assert lengths.keys() == sounds.keys()
    for name, (seconds, error) in lengths.items():
        assert error is None
        assert seconds == pytest.approx(sounds[name].frames / sounds[name].samplerate, abs=1e-3)


def test_what_the_browser_decodes_is_what_the_wav_holds(visit, worked):
    page = visit(worked)
    for name in ("05_correlated", "08_null"):
        decoded = page.evaluate(
            """async (id) => {
                const text = atob(document.getElementById(id).src.split(",")[1]);
                const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
                const audio = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes.buffer);
                return Array.from(audio.getChannelData(0));
            }""",
            name,
        )
        codes, fs = sf.read(worked.folder / f"{name}.wav", dtype="int16")
        assert (fs, len(decoded)) == (22050, len(codes))
        assert np.abs(np.array(decoded) * 32768 - codes).max() <= 1


def test_one_playhead_serves_all_sounds(visit, worked):
    page = visit(worked)
    choose(page, "view", "listen")
    show(page)
    page.evaluate("document.getElementById('head').value = 500; document.getElementById('head').oninput()")
    for track in ("04_convolved", "05_correlated", "08_null"):
        choose(page, "track", track)
        assert page.evaluate("(id) => document.getElementById(id).currentTime", track) == pytest.approx(1.75, abs=0.02)
    page.click("#listen")
    until(page, "document.getElementById('08_null').currentTime > 1.8")
    choose(page, "track", "04_convolved")
    playing = "[...document.querySelectorAll('audio')].filter((a) => !a.paused).map((a) => a.id)"
    assert page.evaluate(playing) == ["04_convolved"]
    page.click("#listen")
    assert page.evaluate(playing) == []


def test_the_kernel_at_the_playhead_reaches_back_or_ahead(visit, worked):
    page = visit(worked)
    choose(page, "view", "listen")
    for kind, reach in (("convolve", "past"), ("correlate", "future")):
        choose(page, "kind", kind)
        show(page)
        assert page.locator(".outline").get_attribute("data-reach") == reach
        left, right, now = page.evaluate(
            """() => {
                const box = document.querySelector(".outline path").getBBox();
                return [box.x, box.x + box.width, document.querySelector(".playhead").x1.baseVal.value];
            }"""
        )
        assert (left < now - 50) == (reach == "past")
        assert (right > now + 50) == (reach == "future")


def test_all_numbers_stand_in_a_table(visit, worked):
    page = visit(worked)
    page.click("summary")
    rows = page.evaluate(
        "[...document.querySelectorAll('#table tr[data-n]')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    assert rows[5] == ["3", "1", "7", "8"]
    assert len(rows) == 12


def test_residuals_are_printed_in_the_page(visit, worked):
    page = visit(worked)
    assert page.locator("#proofs tr").count() == 1 + len(worked.identities)
    assert "residual" in page.locator("#proofs").inner_text()


def test_both_languages_are_whole(visit, worked):
    page = visit(worked)
    _, data = embedded(worked)
    assert all(words.keys() == {"en", "zh"} and words["en"] and words["zh"] for words in data["words"].values())
    page.click("#lang")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    for view in VIEWS:
        choose(page, "view", view)
        show(page)
    left = page.evaluate("document.querySelector('main').innerText.match(/[A-Za-z]{4,}/g)")
    allowed = {"python", "correlate",
               "convolve", "argmax", "correlated", "convolved", "kernel", "reversed", "with", "reverse",
               "symmetric", "null", "scene", "correlation", "convolution", "score"}  # fmt: skip
    assert {word.lower() for word in left} <= allowed
    assert page.complaints == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_at_320_pixels_nothing_overflows(visit, worked, echo, lang):
    for explained in (worked, echo):
        page = visit(explained, viewport={"width": 320, "height": 640})
        if lang == "zh":
            page.click("#lang")
        for view in VIEWS:
            choose(page, "view", view)
            show(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            wide = page.evaluate(
                """() => [...document.querySelectorAll("main *, header *")]
                    .filter((e) => e.getBoundingClientRect().right > 321
                    && !e.closest(".picture, .scroll, .quiet, audio")).map((e) => e.outerHTML.slice(0, 80))"""
            )
            assert wide == []


def test_axe_finds_no_serious_fault(visit, worked):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit(worked)
    for view in VIEWS:
        choose(page, "view", view)
        for opened in (False, True):
            if opened:
                show(page)
            if (view, opened) in (("gather", False), ("delay", False)):
                continue  # the same parts as the other questions
            found = axe.Axe().run(page).response["violations"]
            serious = [
                f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in ("serious", "critical")
            ]
            assert serious == [], (view, opened)
