"""The page in a real browser: from disk, without a network, by mouse, touch and keyboard, in both languages."""

# ruff: noqa: RUF001  (the page writes true minus signs)

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
import scipy.signal
import soundfile as sf
from faltung_explain.bilingual import texts_of
from faltung_explain.example import PRESETS, WORKED, Example
from PIL import Image

from tests.browser import until

SCENES = ("clap", "launch", "now", "read", "pairs", "turn", "noturn", "plane", "ear", "essay")
MINUS = "\N{MINUS SIGN}"


def embedded(explained):
    html = (explained.folder / "index.html").read_text("utf-8")
    return html, json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.S)[1])


def shown_sums(page, kind="convolve"):
    """Every frame, and the sum that the page computes there, in numbers and in words."""
    return page.evaluate(
        f"range(first(), last()).map((n) => [n, sumAt(n, '{kind}'), sentence(n, '{kind}')])",
    )


def formula(page):
    return page.locator("#pic-formula").text_content()


def centre(page, selector):
    page.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{ block: 'center' }})")
    page.wait_for_timeout(100)  # drawn anew when its width is known
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, selector, dx, dy=0):
    x, y = centre(page, selector)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


# ---- the whole page ------------------------------------------------------------------------------------------------


def test_the_page_opens_from_disk_without_asking_for_anything(visit, worked, echo):
    for explained in (worked, echo):
        page = visit(explained)
        assert page.title() == "Why is the kernel flipped?"
        for scene in SCENES:
            page.evaluate(f"document.getElementById('{scene}').scrollIntoView()")
        page.evaluate("ready()")
        assert page.locator("#pic-ear svg path").count() > 2
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
        assert len([url for url in page.asked if url.startswith("file:")]) == 1
        assert page.complaints == []


def test_the_page_is_one_small_file_that_names_no_other(worked, echo):
    for explained, most in ((worked, 600_000), (echo, 1_200_000)):
        html, _ = embedded(explained)
        assert len(html.encode()) < most
        assert not re.search(r'(src|href)="(?!data:|#)', html)
        assert re.findall(r"https?://[^\"' ]+", html) == ["http://www.w3.org/2000/svg"]


def test_both_languages_are_whole(visit, worked):
    page = visit(worked)
    _, data = embedded(worked)
    assert all(words.keys() == {"en", "zh"} and words["en"] and words["zh"] for words in data["words"].values())
    page.click("#lang")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    left = set(page.evaluate("document.querySelector('main').innerText.match(/[A-Za-z]{4,}/g)"))
    code = {"launch", "sample", "enumerate", "each", "sends", "forward", "gather", "range", "assert"}
    names = {"faltung", "claims", "explain", "match", "check", "flip", "torch", "functional", "conv", "transpose"}
    names |= {"PyTorch", "TensorFlow", "correlation", "kernel", "origin", "conj", "Enter", "numbers", "json", "gain"}
    libraries = " ".join(one["name"] for one in texts_of("libraries.json"))
    assert left <= code | names | set(re.findall(r"[A-Za-z]{4,}", libraries))
    assert page.complaints == []
    page.click("#lang")
    seen = page.evaluate("document.querySelector('main').innerText.replace(/.*?\\n/g, (line) => line)")
    quotes = page.evaluate("[...document.querySelectorAll('blockquote')].map((q) => q.innerText)")
    for quote in quotes:
        seen = seen.replace(quote, "")
    assert re.findall(r"[\u4e00-\u9fff]+", seen) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_at_320_pixels_nothing_overflows(visit, worked, echo, lang):
    for explained in (worked, echo):
        page = visit(explained, viewport={"width": 320, "height": 640})
        if lang == "zh":
            page.click("#lang")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        wide = page.evaluate(
            """() => [...document.querySelectorAll("main *, header *")]
                .filter((e) => e.getBoundingClientRect().right > 321 && !e.closest(".picture, .scroll, pre"))
                .map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert wide == []


@pytest.mark.long  # test_ways_in.py asks more of the same pages
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(visit, worked, echo, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    for explained in (worked, echo):
        page = visit(explained, color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = axe.Axe().run(page).response["violations"]
        assert [
            f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")
        ] == []


def test_without_a_script_there_is_the_table_of_the_example(visit, worked):
    page = visit(worked, java_script_enabled=False)
    assert "3·1 + 1·2 + 2·4 = 3 + 2 + 8 = 13" in page.locator("body > noscript").inner_text()
    cells = [row.split() for row in page.locator("noscript table").inner_text().splitlines()]
    assert cells[-1] == ["y[n]", "0", "12", "10", "13", "5", "2", "0", "0"]
    assert cells[1][0] == "x[1]"


def test_a_link_brings_numbers_language_and_scene(visit, worked):
    page = visit(worked)
    page.goto(f"{(worked.folder / 'index.html').as_uri()}?h=1,-2&x=5,0,7&lang=zh#pairs")
    assert page.evaluate("[state.h, state.x, state.lang]") == [[1, -2], [5, 0, 7], "zh"]
    assert page.evaluate("Math.abs(document.getElementById('pairs').getBoundingClientRect().top) < 200")
    np.testing.assert_allclose([s[1] for s in shown_sums(page)][1:], np.convolve([5, 0, 7], [1, -2]))


# ---- the arithmetic ------------------------------------------------------------------------------------------------


def test_for_every_frame_the_shown_sum_is_that_of_numpy(visit, worked):
    page = visit(worked)
    y = dict(zip(range(10), np.convolve(WORKED.x, WORKED.h), strict=True))
    r = dict(zip(range(-2, 8), np.correlate(WORKED.x, WORKED.h, "full"), strict=True))
    for kind, letter, expected in (("convolve", "y", y), ("correlate", "r", r)):
        shown = shown_sums(page, kind)
        assert {n: value for n, value, _ in shown} == {n: expected.get(n, 0.0) for n in range(-2, 10)}
        for n, value, text in shown:
            assert text.startswith(f"{letter}[{n}]".replace("-", MINUS))
            assert float(text.rpartition("=")[2].replace(MINUS, "-")) == value
    for n in range(8):
        page.evaluate(f"change({{ n: {n} }})")
        assert float(page.locator("#pic-formula").get_attribute("data-sum")) == y[n]


def test_the_formula_stands_in_the_order_of_the_column(visit, worked):
    page = visit(worked)
    assert formula(page) == "y[3] = x[1]·h[2] + x[2]·h[1] + x[3]·h[0] = 3 + 2 + 8 = 13"
    page.evaluate("document.querySelector('#form [data-value=k]').click()")
    assert formula(page) == "y[3] = h[0]·x[3] + h[1]·x[2] + h[2]·x[1] = 8 + 2 + 3 = 13"


def test_all_presets_equal_the_goldens_of_python(visit, worked):
    page = visit(worked)
    for name, (h, origin) in PRESETS.items():
        page.evaluate(f"choose('{name}')")
        example = Example.of(WORKED.x, h, origin=origin)
        for kind in ("convolve", "correlate"):
            shown = [s[1] for s in shown_sums(page, kind)]
            np.testing.assert_allclose(shown, example.output(kind), atol=1e-12, err_msg=name)


def test_with_the_flip_taken_out_of_the_script_the_sums_are_others(visit, worked, tmp_path):
    html, _ = embedded(worked)
    flip = 'kind === "convolve" ? n - k + state.origin : n + k - state.origin'
    assert html.count(flip) == 1
    (tmp_path / "index.html").write_text(html.replace(flip, "n + k - state.origin"), "utf-8")
    page = visit(worked)
    page.goto((tmp_path / "index.html").as_uri())
    assert [s[1] for s in shown_sums(page)][2:] != np.convolve(WORKED.x, WORKED.h).tolist()


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 1), (1, 5), (300, 77), (1000, 1000)])
def test_the_page_convolves_as_scipy_does(visit, worked, n, m):
    rng = np.random.default_rng(n + m)
    x, h = rng.standard_normal(n), rng.standard_normal(m)
    page = visit(worked)
    dense = page.evaluate(f"[...convolved({x.tolist()}, {{ taps: {h.tolist()}, length: {m} }})]")
    pairs = [list(pair) for pair in enumerate(h.tolist())]
    sparse = page.evaluate(f"[...convolved({x.tolist()}, {{ sparse: {pairs}, length: {m} }})]")
    for made in (dense, sparse):
        np.testing.assert_allclose(made, scipy.signal.convolve(x, h), atol=1e-9)


def test_the_sounds_made_in_the_page_are_those_in_the_folder(visit, worked, echo):
    for explained in (worked, echo):
        page = visit(explained)
        made = page.evaluate("(() => { const m = madeOf(); return { zero: m.zero, fs: m.fs }; })()")
        found = json.loads((explained.folder / "numbers.json").read_text("utf-8"))
        for track, name in (("A", "04_convolved"), ("B", "05_correlated"), ("dry", "01_dry")):
            heard = np.array(page.evaluate(f"[...madeOf().all.{track}]"))[made["zero"] - found["facts"]["pre_roll"] :]
            file, fs = sf.read(explained.folder / f"{name}.wav")
            file = file[found["time_zero_frame"] - found["facts"]["pre_roll"] :]
            length = min(len(file), len(heard))
            assert fs == made["fs"]
            scale = heard[:length] @ file[:length] / (file[:length] @ file[:length])
            assert np.abs(heard[:length] - scale * file[:length]).max() < 1e-3 * np.abs(heard).max(), name
        gap = "Math.max(...[...D].slice(0, 50000).map((v, j) => Math.abs(v - (A[j] - B[j]))))"
        difference = page.evaluate(f"(() => {{ const {{ A, B, D }} = madeOf().all; return {gap}; }})()")
        assert difference < 1e-6
        assert page.evaluate("madeOf().all.SD.every((v) => Math.abs(v) < 1e-12)")


# ---- the scenes ----------------------------------------------------------------------------------------------------


def test_a_clap_is_answered_by_h_and_two_claps_by_their_sum(visit, worked):
    page = visit(worked)
    assert "One clap leaves 4, 2, 1 behind" in page.locator("#said-clap").inner_text()
    page.focus('[data-handle="clap"]')
    page.keyboard.press("ArrowRight")
    assert page.evaluate("room1.claps") == [2]
    page.click("#clap-2")
    heights = page.locator("#pic-clap .pop text").all_text_contents()
    assert heights == ["4", "2", "1", "4", "2", "1"]
    page.focus('[data-handle="clap"]')
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#pic-clap .pop text").all_text_contents() == ["4", "6", "3", "1"]
    parts = """[...document.querySelectorAll('#pic-clap .pop')]
        .map((g) => [...g.querySelectorAll('rect')].map((r) => r.dataset.clap).join())"""
    assert page.evaluate(parts) == ["0", "0,1", "0,1", "1"]


def test_samples_are_launched_by_button_and_by_dragging_them_down(visit, worked):
    page = visit(worked)
    page.click('[data-handle="launch-1"]')
    assert page.locator("#pic-launch .fall text").all_text_contents() == ["12", "h[0]", "6", "h[1]", "3", "h[2]"]
    drag(page, '#pic-launch [data-sample="3"]', 0, 120)
    assert page.evaluate("[...sent.rows].sort()") == [1, 3]
    page.click('[data-handle="launch-all"]')
    assert "y = 0, 12, 10, 13, 5, 2, 0, 0" in page.locator("#said-launch").inner_text()


def test_taps_are_placed_with_keys_and_each_wrong_place_has_its_own_word(visit, worked):
    page = visit(worked)
    for k, frame in ((0, 3), (1, 2), (2, 1)):
        page.focus(f'[data-handle="guess{k}"]')
        for _ in range(frame + 1):
            page.keyboard.press("ArrowRight")
    assert "from left to right: h[2], h[1], h[0]" in page.locator("#said-now").inner_text()
    page.keyboard.press("ArrowLeft")
    assert "set out 3 frames ago" not in page.locator("#said-now").inner_text()
    said = {i: page.evaluate(f"judged(2, {i})") for i in (0, 1, 2, 3, 5)}
    assert said[1].startswith("✓")
    assert "has gone by" in said[0]
    assert "set out 1 frames ago" in said[2] or "1 frame" in said[2]
    assert "only just arrived" in said[3]
    assert "has not come yet" in said[5]


def test_a_tap_and_now_are_dragged(visit, worked):
    page = visit(worked)
    step = page.evaluate("grid('pic-now', 48, columns()).step")
    page.evaluate("guess.at = [3, null, null]; render('now')")
    drag(page, '[data-handle="guess0"]', -step)
    assert page.evaluate("guess.at") == [2, None, None]
    drag(page, '[data-handle="now3"]', 2 * step)
    assert page.evaluate("state.n") == 5


def test_pointing_at_a_cell_lights_its_row_its_column_and_its_term(visit, worked):
    page = visit(worked)
    x, y = centre(page, '#pic-read [data-i="3"][data-n="4"]')
    page.mouse.move(x, y)
    assert page.evaluate("[looked.i, looked.n, state.n]") == [3, 4, 4]
    hot = page.evaluate("[...document.querySelectorAll('#pic-read .hot')].map((c) => c.dataset.i + ',' + c.dataset.n)")
    assert sorted(hot) == ["2,4", "3,3", "3,4", "3,5"]
    assert page.locator("#pic-formula .hot").inner_text() == "x[3]·h[1]"
    assert page.locator("#said-read").inner_text() == (
        "Along the row of x[3] = 2: h[0], h[1], h[2]. Down the column n = 4: h[2], h[1]."
    )


def test_a_sample_is_dragged_up_and_numbers_are_typed(visit, worked):
    page = visit(worked)
    page.evaluate("document.getElementById('pic-read').scrollIntoView({ block: 'center' })")
    at = page.evaluate("(() => { const s = document.querySelector('#pic-read svg').getBoundingClientRect(); "
                       "return s.left + grid('pic-read', labelled(), columns()).at(2); })()")  # fmt: skip
    top = page.locator("#pic-read svg").bounding_box()["y"] + 60
    page.mouse.move(at, top)
    page.mouse.down()
    page.mouse.move(at, top - 24)
    page.mouse.up()
    assert page.evaluate("state.x") == [0, 3, 3, 2, 0, 0, 0, 0]
    page.fill("#read-h", "1, −1, 1e400, x, 0.5")
    page.press("#read-h", "Tab")
    assert page.evaluate("state.h") == [1, -1, 0.5]


def test_arrow_keys_move_through_the_table(visit, worked):
    page = visit(worked)
    page.focus("#pic-read")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("[looked.i, looked.n, document.activeElement.id]") == [1, 4, "pic-read"]


def test_the_pairs_of_a_diagonal_have_indices_that_add_up(visit, worked):
    page = visit(worked)
    hot = page.evaluate(
        "[...document.querySelectorAll('#pic-pairs .hot')].map((p) => Number(p.dataset.i) + Number(p.dataset.k))"
    )
    assert hot == [3, 3, 3]
    page.click("#solve [data-value=k]")
    assert "x forward, you meet h[2], h[1], h[0]." in page.locator("#said-solve").inner_text()
    page.click("#solve [data-value=i]")
    assert "h forward, you meet x[3], x[2], x[1];" in page.locator("#said-solve").inner_text()


def test_the_dots_of_a_turned_h_come_down_on_the_pile_of_the_launches(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    assert (
        page.locator("#pic-turn rect.pile").count() == 9
    )  # three samples, three taps: there before anything is turned
    page.click("#turn-slide")
    highest = """(() => { const top = {}; for (const r of document.querySelectorAll('#pic-turn rect.pile')) {
        const x = Math.floor(r.x.baseVal.value + r.width.baseVal.value / 2 + 0.01);
        top[x] = Math.min(top[x] ?? 1e9, r.y.baseVal.value); }
        return top; })()"""
    dots = """[...document.querySelectorAll("#pic-turn path[fill='var(--y)']")]
        .map((p) => p.getAttribute('transform').match(/[-.0-9]+/g).map(Number))"""
    tops = {int(x): y for x, y in page.evaluate(highest).items()}
    landed = {int(x + 0.01): y for x, y in page.evaluate(dots) if int(x + 0.01) in tops}
    assert landed.keys() == tops.keys()
    assert all(abs(landed[x] - tops[x]) < 0.01 for x in tops)


def test_h_is_turned_by_keys_and_lands_on_what_is_heard(visit, worked):
    page = visit(worked)
    frames = "[...document.querySelectorAll('#pic-turn .tap')].map((t) => Number(t.dataset.frame))"
    assert page.evaluate(frames) == [3, 4, 5]
    page.focus('[data-handle="turn"]')
    page.keyboard.press("End")
    assert page.evaluate(frames) == [3, 2, 1]
    assert "y[3] = 3 + 2 + 8 = 13" in page.locator("#said-turn").inner_text()
    assert page.evaluate("document.activeElement.dataset.handle") == "turn"
    zone = page.locator("#pic-turn .notyet").bounding_box()
    for tap in page.locator("#pic-turn .tap path").all():
        assert tap.bounding_box()["x"] < zone["x"]


def test_motion_is_left_out_where_it_is_to_be_reduced(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    page.click("#turn-it")
    assert page.evaluate("turned.share") == 1
    moving = visit(worked)
    moving.click("#turn-it")
    assert moving.evaluate("turned.share") < 1
    until(moving, "turned.share === 1")


def test_without_the_turn_the_future_is_hatched_on_its_rows_until_one_waits(visit, worked):
    page = visit(worked)
    assert page.locator("#pic-noturn rect.notyet.row").count() == 2
    assert "r[1] lacks x[2], x[3]" in page.locator("#said-noturn").inner_text()
    page.focus("#latency")
    page.keyboard.press("ArrowRight")
    assert page.locator("#said-noturn").inner_text() == "r[0] lacks x[2]."
    page.focus("#latency")
    page.keyboard.press("End")
    assert "r[−1] = 0 + 0 + 3 = 3: all of it has come" in page.locator("#said-noturn").inner_text()
    assert page.locator("#pic-noturn line[stroke='var(--wrong)']").count() == 0


def test_what_needs_the_future_is_a_question_mark_until_it_has_come(visit, worked):
    page = visit(worked)
    x, h = WORKED.x.tolist(), WORKED.h.tolist()
    for now in range(len(x)):
        page.evaluate(f"waiting.n = {now}; render('noturn')")
        shown = page.evaluate("""[...document.querySelectorAll('#pic-noturn text')].map((t) => t.textContent)""")
        row = shown[shown.index("r[n]") + 1 :][: len(x) + len(h) - 1]
        for n, text in zip(range(1 - len(h), len(x)), row, strict=True):
            lacks = any(now < n + k < len(x) for k in range(len(h)))
            total = sum(h[k] * x[n + k] for k in range(len(h)) if 0 <= n + k < len(x))
            assert text == ("?" if lacks else f"{total:g}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_future_is_hatched_for_the_eye(visit, worked, scheme):
    page = visit(worked, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("ready(); turned.share = 1; change({ n: 3 }); waiting.n = 1; ear9.at = 1; render()")
    for scene in ("now", "turn", "noturn", "ear"):
        zones = page.locator(f"#pic-{scene} .notyet")
        zones.first.scroll_into_view_if_needed()
        place = zones.first.bounding_box()
        corner = {
            "x": place["x"] + place["width"] - 40,
            "y": place["y"] + place["height"] - 30,
            "width": 30,
            "height": 24,
        }
        taken = Image.open(io.BytesIO(page.screenshot(clip=corner))).convert("L")
        dark, light = np.percentile(np.asarray(taken), [2, 98])
        assert light - dark > 40, scene


def test_symmetric_and_antisymmetric_presets_are_what_they_say(visit, worked):
    page = visit(worked)
    page.click("#kernels [data-value=symmetric]")
    assert "here y and r are the same" in page.locator("#said-origin").inner_text().lower()
    page.click("#kernels [data-value=difference]")
    assert "r is y with its sign turned" in page.locator("#said-origin").inner_text()
    page.click("#kernels [data-value=worked]")
    assert "y[n] reads n−2 to n, r[n] reads n to n+2" in page.locator("#said-origin").inner_text()
    page.focus("#origin")
    page.keyboard.press("End")
    assert "y[n] reads n to n+2, r[n] reads n−2 to n" in page.locator("#said-origin").inner_text()


def test_only_the_half_turn_equals_the_stamps(visit, worked):
    page = visit(worked)
    image, k = (np.array(page.evaluate(f"plane.{name}"), float) for name in ("image", "k"))
    pairs = "[...document.querySelectorAll('#ways li')].map((l) => [l.dataset.how, Number(l.dataset.gap)])"
    assert page.evaluate(pairs) == []  # no verdict before one has chosen
    for how in ("correlate", "rows", "transpose", "convolve"):
        page.click(f"#how [data-value={how}]")
    gaps = dict(page.evaluate(pairs))
    meant = scipy.signal.convolve2d(image, k, "same")
    ways = {"convolve": k, "correlate": k[::-1, ::-1], "rows": k[:, ::-1], "transpose": k[::-1, ::-1].T}
    assert gaps == {name: np.abs(scipy.signal.convolve2d(image, v, "same") - meant).max() for name, v in ways.items()}
    assert [name for name, gap in gaps.items() if gap == 0] == ["convolve"]


def test_arrows_are_found_by_correlating_as_they_are(visit, worked):
    page = visit(worked)
    cards = (
        "Object.fromEntries([...document.querySelectorAll('#cards li')].map((l) => [l.dataset.card, l.dataset.found]))"
    )
    meant = {"correlate↘": "↘", "correlate↖": "↖", "convolve↘": "↖", "convolve↖": "↘"}
    assert page.evaluate(cards) == meant
    assert page.locator("#cards").inner_text().count("finds …") == 4
    page.click('[data-card="convolve↘"] button')
    assert page.locator('[data-card="convolve↘"]').inner_text() == "convolve with ↘: finds ↖"
    page.focus('[data-handle="arrow"]')
    page.keyboard.press("ArrowRight")
    assert page.evaluate("hunt.at") == [1, 2]
    assert page.evaluate(cards) == meant


def test_weights_learnt_both_ways_end_as_each_other_turned(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    page.click("#learn-on")
    a, b, truth = (np.array(page.evaluate(w)) for w in ("learnt.convolve", "learnt.correlate", "lesson.truth"))
    np.testing.assert_allclose(a, b[::-1, ::-1], atol=1e-12)
    np.testing.assert_allclose(a, truth, atol=1e-6)
    assert float(page.locator("#said-learn").get_attribute("data-swapped")) > 0.5
    assert "apart by up to 1.4." in page.locator("#said-learn").inner_text()
    page.click("#learn-turn")
    assert "apart by up to 0." in page.locator("#said-learn").inner_text()
    shown = [
        f"[...document.querySelectorAll('[data-tile=w-{how}] text')].map((t) => t.textContent)"
        for how in ("convolve", "correlate")
    ]
    assert page.evaluate(shown[0]) == page.evaluate(shown[1])


def test_the_backward_pass_of_a_layer_that_does_not_turn_is_a_convolution(visit, worked):
    page = visit(worked)
    said = page.locator("#said-backward")
    gap, other, stamped = (float(said.get_attribute(f"data-{name}")) for name in ("gap", "other", "stamped"))
    assert max(gap, stamped) < 1e-10
    assert other > 1
    for way, off in (("correlate", other), ("convolve", 0), ("stamp", 0)):
        page.click(f"#back [data-value={way}]")
        assert page.locator("#said-backward").inner_text().endswith(f"off by up to {off:.2f}.".replace("0.00", "0"))


def test_track_outline_and_sentence_follow_one_control(visit, worked):
    page = visit(worked)
    page.evaluate("ready()")
    for track, reach, said in (("A", "past", "n − k"), ("B", "future", "n + k"), ("SA", "both", "symmetric")):
        page.click(f"#tracks [data-value={track}]")
        assert page.locator("#pic-ear .outline").get_attribute("data-reach") == reach
        assert said in page.locator("#said-ear").inner_text()
        assert page.locator("#tracks [aria-pressed=true]").get_attribute("data-value") == track
    page.click("#tracks [data-value=D]")
    assert page.locator("#pic-ear .outline").count() == 0


def test_a_wav_of_ones_own_becomes_the_signal(visit, worked, tmp_path):
    page = visit(worked)
    tone = 0.5 * np.sin(np.arange(22050) / 9)
    sf.write(tmp_path / "tone.wav", tone, 22050)
    page.set_input_files("#file-x", tmp_path / "tone.wav")
    until(page, "heard && heard.name === 'tone.wav'")
    assert page.evaluate("heard.x.length") == 22050
    (tmp_path / "no.wav").write_text("no sound")
    page.set_input_files("#file-h", tmp_path / "no.wav")
    until(page, "document.getElementById('said-own').textContent.includes('no.wav')")
    assert "no sound could be read" in page.locator("#said-own").inner_text()


def test_touch_moves_a_handle(visit, worked):
    page = visit(worked, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 780})
    page.evaluate("document.getElementById('turn').scrollIntoView()")
    step = page.evaluate("grid('pic-turn', 30, turnFrames(), 22).step")
    x, y = centre(page, '[data-handle="now6"]')
    session = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", x), ("touchMove", x + step), ("touchMove", x + 2 * step), ("touchEnd", None)):
        points = [] if at is None else [{"x": at, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_timeout(500)
    assert page.evaluate("state.n") == 5


def test_everything_is_reached_with_the_keyboard(visit, worked):
    page = visit(worked)
    reached = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(({ dataset, id }) => dataset.handle || id || dataset.value || '')(document.activeElement)")
        )
    wanted = {
        "lang",
        "clap",
        "clap-1",
        "launch-1",
        "now3",
        "guess0",
        "guess2",
        "pic-read",
        "read-x",
        "preset",
        "pic-pairs",
    }
    assert wanted | {"turn", "now6", "angle", "now7", "latency", "origin", "pic-plane", "arrow", "listen"} <= reached


def test_the_run_comes_first_with_its_facts_and_its_numbers_can_be_taken_along(visit, echo):
    page = visit(echo)
    _, data = embedded(echo)
    assert page.locator("#run h2").inner_text() == "drums.wav → echo"
    assert "A goes on for" in page.locator("#run .facts").inner_text()
    page.evaluate("ready()")
    assert page.locator("#pic-run .tail").count() == 3
    page.click("#run-samples")
    assert page.evaluate("[state.x, state.h]") == [data["run"]["x"], data["run"]["h"]]


def test_the_clock_and_the_run_count_from_the_beginning_of_the_file(visit, echo):
    page = visit(echo)
    page.evaluate("ready(); data.sound.start = 12.5; ear9.at = madeOf().zero / madeOf().fs + 0.25; render()")
    assert page.locator("#clock").inner_text() == "12.75 s"
    page.evaluate("ear9.at = 0; render()")
    assert float(page.locator("#clock").inner_text()[:-2].replace(MINUS, "-")) < 12.5
    assert "12.50 s" in page.locator("#pic-run text").all_text_contents()


def test_the_signal_is_in_sight_beside_a_sum_that_is_much_louder(visit, worked):
    page = visit(worked)
    high = """(() => { const s = subjectOf(), loud = { taps: new Float64Array(4000).fill(1), length: 4000, origin: 0 };
        ready(); s.made = tracks(s.x, loud, s.fs); render("ear");
        return document.querySelector("#pic-ear path[fill='var(--x)']").getBBox().height; })()"""
    assert page.evaluate(high) > 40
