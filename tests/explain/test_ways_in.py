"""The pages as other hands and eyes meet them: a microphone, keys alone, forced colours, paper; and their texts.

A clap is recorded with the browser's own recording of one, which it plays for a microphone.
"""

# ruff: noqa: RUF001  (the pages write true minus signs)

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import soundfile as sf
from faltung_explain.claims.report import run_claims, write_claims

from tests.browser import until
from tests.conftest import CHROMIUM

FS = 48_000
ECHO_S = 0.25
DECAY_S = 0.03


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    return write_claims(tmp_path_factory.mktemp("claims"), results=run_claims())


@pytest.fixture
def recorded(browser, tmp_path):
    """A browser whose microphone hears a clap and its echo, once a second; and a way to refuse it."""
    t = np.arange(round(0.2 * FS)) / FS
    clap = np.random.default_rng(3).standard_normal(len(t)) * np.exp(-t / DECAY_S) / 4
    heard = np.zeros(6 * FS)
    for second in range(6):
        for at, gain in ((second, 0.9), (second + ECHO_S, 0.45)):
            heard[round(at * FS) : round(at * FS) + len(clap)] += gain * clap
    sf.write(tmp_path / "clap.wav", np.clip(heard, -1, 1), FS, subtype="PCM_16")
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={tmp_path / 'clap.wav'}")

    opened = []

    def open_page(explained, *more):
        other = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", *flags, *more])
        opened.append(other)
        page = other.new_context(offline=True, viewport={"width": 1200, "height": 900}).new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((explained.folder / "index.html").as_uri())
        return page

    yield open_page
    for one in opened:
        one.close()


def test_a_clap_is_recorded_in_the_page_from_disk_and_becomes_the_room(recorded, worked):
    page = recorded(worked, "--use-fake-ui-for-media-stream")
    page.click("#record")
    until(page, "Boolean(heard && heard.name)")
    assert page.evaluate("heard.name") == "your clap"
    assert "is now the kernel" in page.locator("#said-own").inner_text()
    taps, fs = np.array(page.evaluate("[...heard.h.taps]")), page.evaluate("heard.fs")
    assert 0.5 < len(taps) / fs <= 4  # from the loudest of its claps on
    level = np.convolve(taps**2, np.ones(round(0.01 * fs)), "same")
    assert level[: round(0.02 * fs)].max() > 0.2 * level.max()  # it begins with a clap
    spacing = scipy.signal.correlate(level, level)[len(level) - 1 :]
    near = slice(round((ECHO_S - 0.05) * fs), round((ECHO_S + 0.05) * fs))
    assert (near.start + spacing[near].argmax()) / fs == pytest.approx(ECHO_S, abs=0.02)
    made = page.evaluate("(() => { const { all, zero } = madeOf(); return [[...all.A], [...all.dry], zero]; })()")
    a, dry, zero = np.array(made[0]), np.array(made[1]), made[2]
    meant = scipy.signal.convolve(dry[zero:], taps)[: len(a) - zero]
    scale = meant @ a[zero:] / (meant @ meant)
    assert np.abs(a[zero:] - scale * meant).max() < 1e-3 * np.abs(a).max()
    assert page.complaints == []


def test_a_microphone_that_is_refused_is_said_with_what_to_do(recorded, worked):
    page = recorded(worked, "--deny-permission-prompts")
    page.click("#record")
    until(page, "document.getElementById('said-own').textContent.includes('microphone')")
    assert "choose a recording instead" in page.locator("#said-own").inner_text()


def test_a_wav_is_dropped_on_the_page(visit, worked, tmp_path):
    page = visit(worked)
    sf.write(tmp_path / "tone.wav", 0.5 * np.sin(np.arange(11025) / 9), 22050)
    content = list((tmp_path / "tone.wav").read_bytes())
    page.evaluate(
        """(bytes) => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(bytes)], "tone.wav"));
            const how = { dataTransfer: carried, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        content,
    )
    until(page, "Boolean(heard && heard.name === 'tone.wav')")
    assert page.evaluate("heard.x.length") == 11025


# ---- texts: none over another, none outside its picture ------------------------------------------------------------

TEXTS = """() => [...document.querySelectorAll('.picture svg')].flatMap((svg) => {
    const edge = svg.getBoundingClientRect(), name = svg.closest('.picture').id, bad = [];
    const boxes = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim()).map((t) => {
        const b = t.getBoundingClientRect(), part = Math.min(3, b.height / 5);
        return { words: t.textContent, left: b.left, right: b.right, top: b.top + part, bottom: b.bottom - part };
    });
    boxes.forEach((a, i) => {
        if (a.left < edge.left - 1 || a.right > edge.right + 1 || a.top < edge.top - 1 || a.bottom > edge.bottom + 1)
            bad.push(`${name}: ${a.words} leaves the picture`);
        boxes.slice(0, i).forEach((b) => {
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 1) bad.push(`${name}: ${a.words} over ${b.words}`);
        });
    });
    return bad;
})"""

PARTS = """() => [...document.querySelectorAll('.picture svg')].flatMap((svg) => {
    const edge = svg.getBoundingClientRect(), name = svg.closest('.picture').id, bad = [];
    for (const part of svg.querySelectorAll('path, rect, circle, line')) {
        const unseen = (paint) => [null, 'none', 'transparent'].includes(part.getAttribute(paint));
        if ((unseen('fill') && unseen('stroke')) || part.closest('defs, clipPath, [clip-path]')) continue;
        const b = part.getBoundingClientRect();
        if (b.left < edge.left - 2 || b.right > edge.right + 2 || b.top < edge.top - 2 || b.bottom > edge.bottom + 2)
            bad.push(`${name}: ${part.outerHTML} leaves the picture`);
    }
    return bad;
})"""

UNDER = """() => ['clap', 'launch'].flatMap((id) => {
    const parts = [...document.querySelectorAll(`#pic-${id} path, #pic-${id} .pile, #pic-${id} circle`)].map((part) =>
        [part.outerHTML, part.getBoundingClientRect()]).filter(([, b]) => b.height > 1);
    const numbers = [...document.querySelectorAll(`#pic-${id} .strong`)].filter((t) => /\\d/.test(t.textContent));
    return numbers.flatMap((text) => {
        const a = text.getBoundingClientRect();
        return parts.filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom - 4, b.bottom) - Math.max(a.top + 4, b.top) > 1)
            .map(([part]) => `${id}: ${text.textContent} on ${part}`);
    });
})"""

STATES = {
    "worked": "choose('worked')",
    "an echo": "choose('echo')",
    "negative": "own({ x: [0, -4, 3, -7, 9, -5, -9, 2], h: [-3, 5, -2], origin: 0 })",
    "six taps": "own({ x: [-9, 8, -7, 6, -5, 4, -3, 2, -1, 9, -8, 7], h: [9, -8, 7, -6, 5, -4], origin: 0 })",
    "origin inside": "own({ x: [-9, 8, -7, 6, -5, 4, -3, 2], h: [9, -8, 7, -6, 5], origin: 2 })",
    "all below": "own({ x: [5, 6, 9, 7], h: [-9, -9, -8], origin: 0 })",
    "loud first": "own({ x: [1, -2, 0, 1, 0, 0, 0, -9, 0, 0, -2, -1], h: [9, 5, 2, 1, 1], origin: 0 })",
    "fractions": "own({ x: [-0.494, 0.708, -0.125, 0.001], h: [0.455, -0.385, 0.483], origin: 0 })",
}


@pytest.mark.parametrize("width", [1440, 820, 360])
@pytest.mark.parametrize("state", STATES)
def test_no_text_of_a_scene_lies_over_another_or_leaves_its_picture(visit, worked, state, width):
    page = visit(worked, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    for lang, turned in (("en", 0), ("zh", 1)):
        page.evaluate(f"state.lang = '{lang}'; translate(); {STATES[state]}; ready(); turned.share = {turned}")
        page.evaluate("launch(sounding()); stopped(); document.getElementById('now-show').click(); learn(200)")
        page.evaluate("document.getAnimations().forEach((a) => a.finish())")
        assert page.evaluate(TEXTS) == []


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("state", STATES)
def test_nothing_that_is_drawn_leaves_its_picture_or_lies_under_a_number(visit, worked, state, width):
    page = visit(worked, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    for claps in ("[1]", "[1, 3]"):
        page.evaluate(f"{STATES[state]}; ready(); room1.claps = {claps}; render('clap')")
        for n in (page.evaluate("columns()[0]"), page.evaluate("state.x.length - 1")):
            page.evaluate(
                f"change({{ n: {n} }}); launch(sounding()); stopped(); document.getElementById('now-show').click()"
            )
            page.evaluate("waiting.n = state.x.length - 1; render('noturn')")
            page.evaluate("document.getAnimations().forEach((a) => a.finish())")
            assert page.evaluate(PARTS) == []
            assert page.evaluate(UNDER) == []
    zero, feet = page.evaluate("""() => { room1.claps = [1]; render('clap');
        return [document.querySelector('#pic-clap .axis').getAttribute('y1'),
            [...document.querySelectorAll('#pic-clap .pop line')].map((stem) => stem.getAttribute('y1'))]; }""")
    assert set(feet) <= {zero}


FAINT = """() => {
    const parsed = (text) => { const parts = text.match(/[-.0-9]+/g).map(Number), whole = text.startsWith('rgb');
        return [...parts.slice(0, 3).map((v) => (whole ? v / 255 : v)), parts[3] ?? 1]; };
    const over = ([r, g, b, a], under) => [r, g, b].map((v, j) => v * a + under[j] * (1 - a));
    const light = (c) => c.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, j) => sum + v * [0.2126, 0.7152, 0.0722][j], 0);
    const paper = parsed(getComputedStyle(document.querySelector('section')).backgroundColor).slice(0, 3), bad = [];
    for (const svg of document.querySelectorAll('.picture svg')) for (const text of svg.querySelectorAll('text')) {
        if (!text.textContent.trim() || text.classList.contains('halo')) continue;
        const a = text.getBoundingClientRect(), x = (a.left + a.right) / 2, y = (a.top + a.bottom) / 2;
        let ground = paper;
        for (const part of svg.querySelectorAll('rect')) { // in the order in which they are painted
            if (part === text || part.closest('defs') || part.compareDocumentPosition(text) & 2) continue;
            const b = part.getBoundingClientRect(), fill = getComputedStyle(part).fill;
            if (x < b.left || x > b.right || y < b.top || y > b.bottom || /^(none|url)/.test(fill)) continue;
            const [r, g, bl, alpha] = parsed(fill);
            ground = over([r, g, bl, alpha * Number(part.closest('g')?.getAttribute('opacity') ?? 1)
                * Number(getComputedStyle(part).opacity)], ground);
        }
        const both = [light(over(parsed(getComputedStyle(text).fill), ground)), light(ground)];
        const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        if (ratio < 4.5) bad.push(`${svg.closest('.picture').id}: ${text.textContent} ${ratio.toFixed(1)}`);
    }
    return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_a_picture_stands_out_from_its_ground(visit, worked, scheme):
    page = visit(worked, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("ready(); launch(sounding()); stopped(); learn(200); turned.share = 1")
    for state in ("worked", "negative", "origin inside"):
        page.evaluate(STATES[state])
        for n in (0, 3, 7):
            page.evaluate(f"change({{ n: {n} }}); launch(sounding()); stopped()")
            page.evaluate("document.getElementById('now-show').click()")
            page.evaluate("document.getAnimations().forEach((a) => a.finish())")
            assert page.evaluate(FAINT) == []


def test_half_way_round_no_number_of_a_tap_lies_over_another(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    for share in (0.4, 0.5, 0.6):
        page.evaluate(f"turned.share = {share}; render('turn')")
        assert [bad for bad in page.evaluate(TEXTS) if bad.startswith("pic-turn") and "h[" in bad] == []


# ---- eyes and hands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "scheme"),
    [
        ("en", "light"),
        ("zh", "dark"),
        *(pytest.param(*one, marks=pytest.mark.long) for one in (("en", "dark"), ("zh", "light"))),
    ],
)
def test_axe_finds_nothing_on_any_page_in_any_language(visit, worked, echo, claims, lang, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    for place in (worked.folder / "index.html", echo.folder / "index.html", claims):
        page = visit(worked, color_scheme=scheme)
        page.goto(place.as_uri())
        if lang == "zh":
            page.click("#lang, [data-to=zh]")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = axe.Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == []


def test_with_forced_colours_what_is_chosen_can_be_told(visit, worked):
    page = visit(worked, forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    grounds = page.evaluate(
        """[...document.querySelectorAll('#how button')]
            .map((b) => [b.getAttribute('aria-pressed'), getComputedStyle(b).backgroundColor])"""
    )
    chosen = {ground for pressed, ground in grounds if pressed == "true"}
    others = {ground for pressed, ground in grounds if pressed == "false"}
    assert len(chosen) == 1
    assert not chosen & others


def test_on_paper_all_scenes_stand_without_buttons(visit, worked):
    page = visit(worked)
    page.emulate_media(media="print")
    assert page.locator("nav, #formula, main button, main input").filter(visible=True).count() == 0
    shown = page.evaluate(
        "[...document.querySelectorAll('.picture svg')].every((s) => s.getBoundingClientRect().height > 20)"
    )
    assert shown
    paper = page.pdf(format="A4")
    assert paper.count(b"/Type /Page\n") >= 4 or paper.count(b"/Type /Page ") + paper.count(b"/Type /Page/") >= 4


def test_with_keys_alone_one_goes_through_all_scenes(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    focused = "(({ dataset, id }) => dataset.handle || id || dataset.value || '')(document.activeElement)"

    def to(wanted):
        for _ in range(160):
            if page.evaluate(focused) == wanted:
                return
            page.keyboard.press("Tab")
        pytest.fail(f"{wanted} is not reached")

    to("clap-2")
    page.keyboard.press("Enter")
    assert page.evaluate("room1.claps") == [1, 5]
    to("launch-all")
    page.keyboard.press("Enter")
    assert page.evaluate("[...sent.rows].length") == 3
    for k, frame in ((0, 3), (1, 2), (2, 1)):
        to(f"guess{k}")
        for _ in range(frame + 1):
            page.keyboard.press("ArrowRight")
    assert "h[2], h[1], h[0]" in page.locator("#said-now").inner_text()
    to("pic-read")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("state.n") == 4
    to("pic-pairs")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("state.n") == 3
    to("turn")
    page.keyboard.press("End")
    assert page.evaluate("turned.share") == 1
    to("latency")
    page.keyboard.press("End")
    assert page.evaluate("waiting.latency") == 2
    to("pic-plane")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("plane.image[3][2]") == 1
    to("learn-on")
    page.keyboard.press("Enter")
    assert page.evaluate("learnt.steps") == 200
    to("head")
    page.keyboard.press("End")
    assert page.evaluate("ear9.at") > 1
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


LARGE = "html { font-size: 200%; } nav, #formula { position: static !important; }"
EYES = {
    "forced colours, dark": ({"forced_colors": "active", "color_scheme": "dark"}, ""),
    "forced colours, light": ({"forced_colors": "active"}, ""),
    "letters twice as large": ({}, LARGE),
    "letters twice as large on a phone": ({"viewport": {"width": 360, "height": 780}}, LARGE),
    "a narrow window": ({"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}, ""),
}


@pytest.mark.parametrize("eyes", EYES)
def test_axe_finds_nothing_for_any_eyes_and_nothing_is_cut(visit, worked, claims, eyes):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    options, style = EYES[eyes]
    for place in (worked.folder / "index.html", claims):
        page = visit(worked, reduced_motion="reduce", **options)
        page.goto(place.as_uri())
        page.add_style_tag(content=style or "html {}")
        if place != claims:
            page.evaluate("own({ x: [-9, 8, -7, 6, -5, 4, -3, 2, -1, 9, -8, 7], h: [9, -8, 7] }); ready()")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = axe.Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_letters_follow_the_size_that_the_reader_has_set(visit, worked, claims):
    for place in (worked.folder / "index.html", claims):
        page = visit(worked)
        page.goto(place.as_uri())
        before = page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
        page.add_style_tag(content="html { font-size: 200%; }")
        after = page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
        assert after > 1.8 * before


def test_with_keys_one_reaches_the_formula_and_the_weights_and_hears_no_answer_before(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    focused = "(({ dataset, id }) => dataset.handle || id || dataset.value || '')(document.activeElement)"
    page.focus("#turn-slide")
    until(page, "!document.getElementById('formula').hidden")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "k"  # of the formula, which is in sight with scene 6
    page.keyboard.press("Enter")
    assert page.locator("#pic-formula").inner_text().startswith("y[3] = h[0]·x[3] + h[1]·x[2]")
    page.focus("#pic-plane")
    for key in (" ", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("plane.k") == [[0, 4, 3], [0, 0, 2], [0, 0, 1]]
    page.keyboard.press(" ")
    assert page.evaluate("plane.at") == {"side": "out", "i": 0, "j": 0}
    told = page.evaluate(
        "Object.fromEntries(['now3', 'now6', 'now7'].map((id) => [id, "
        "document.querySelector(`[data-handle=${id}]`).getAttribute('aria-valuetext')]))"
    )
    assert told == {"now3": "at frame 3", "now6": "at frame 3", "now7": "r[1] lacks x[2], x[3]."}
    page.focus("[data-handle=arrow]")
    before = page.evaluate("[...hunt.at]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("hunt.at") == [before[0] + 1, before[1]]
    page.evaluate("ready()")
    for _ in range(3):
        page.focus("#real-0")
        page.keyboard.press("Enter")
    assert page.evaluate(focused) == "blind-again"  # not lost with the button that cannot be pressed any more


def test_on_a_phone_the_bar_of_scenes_shows_where_one_is(visit, worked):
    page = visit(worked, viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    for place in ("noturn", "essay", "clap"):
        page.evaluate(f"document.getElementById('{place}').scrollIntoView()")
        until(page, f"document.querySelector('#places [aria-current]')?.hash === '#{place}'")
        box = page.locator("#places [aria-current]").bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 360


def test_without_a_script_nothing_is_offered_that_does_nothing(visit, worked, echo):
    for explained in (worked, echo):
        page = visit(explained, java_script_enabled=False)
        controls = page.locator("button, input, select, nav, .picture, a[href^='#']").filter(visible=True)
        assert controls.count() == 0
        assert "3 + 2 + 8 = 13" in page.locator("body > noscript").inner_text()
        assert page.locator("#essay").is_visible()
    assert page.locator("#run .facts").is_visible()


def test_on_paper_findings_stand_open_and_what_is_to_be_filled_in_is_blank(visit, worked):
    page = visit(worked)
    closed = "['.essay', '.blanks'].map((part) => document.querySelectorAll(`${part} details:not([open])`).length)"
    before = page.evaluate(closed)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(closed) == [0, 3]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(closed) == before


# ---- the claims ----------------------------------------------------------------------------------------------------


def test_claims_answer_to_numbers_of_ones_own(visit, worked, claims):
    page = visit(worked)
    page.goto(claims.as_uri())
    keys = page.evaluate("[...document.querySelectorAll('section[id]')].map((s) => s.id)")
    assert page.evaluate("[...document.querySelectorAll('[data-live]')].map((p) => p.dataset.live)") == keys
    assert page.evaluate("Object.keys(LIVE).sort()") == sorted(keys)  # every claim is tried
    page.fill("#x", "5, 0, 7, 1")
    page.fill("#h", "1, −2, 4")
    said = {key: page.locator(f"[data-live={key}]").inner_text() for key in keys}
    x, h = [5, 0, 7, 1], [1, -2, 4]
    minus = ", ".join(f"{v}".replace("-", "−") for v in np.convolve(x, h).tolist())
    assert f"nothing turned: {minus}." in said["definition"]
    assert "largest difference 0" in said["definition"]
    assert said["index_formula"].split("off by ")[1].rstrip(".").split(", ")[2] == "0"
    assert "y changes from n = 2, r from n = 0" in said["past"]
    assert "n − 2 to n by y, n to n + 2 by r" in said["future"]
    assert "differ by 0;" in said["commutes"]
    layer = ", ".join(f"{v}".replace("-", "−") for v in np.correlate(x, h, "valid").tolist())
    assert f"answers {layer}:" in said["frameworks"]
    assert f"the integral is {minus}; y differs by 0." in said["continuous"]
    r, y = np.correlate(x, h, "full"), np.convolve(x, h)
    peak = f"x ★ h is largest at n = {int(r.argmax()) - 2}, x ∗ h at n = {int(y.argmax())}."
    assert peak in said["pattern"]
    line = [*h, 0, 0, 0, *h[::-1]]
    at, last = int(np.correlate(line, h, "full").argmax()) - 2, int(np.convolve(line, h).argmax())
    assert (at, last - 2) == (0, 6)
    assert said["gradient"].endswith("largest at n = 0, convolution at n = 8, its window from 6 on.")
    assert said["learnt"].endswith("1, −2, 4 by the layer that turns, 4, −2, 1 by the one that does not.")
    assert f"up to {100 * np.abs(y - r).max() / np.abs(y).max():.4g} %" in said["indispensable"]
    image, hook = np.outer(x, x), np.outer([1, 2, 3], h)
    errors = {}
    for name, kernel in {
        "as it is": hook[::-1, ::-1], "rows": hook[:, ::-1], "columns": hook[::-1], "transposed": hook.T[::-1, ::-1],
    }.items():  # fmt: skip
        errors[name] = np.abs(scipy.signal.convolve2d(image, kernel - hook)).max()
    off = "off by {as it is} as it is, {rows} rows alone, {columns} columns alone, {transposed} transposed, 0 both."
    assert said["both_axes"].endswith(off.format_map(errors))
    windows = np.lib.stride_tricks.sliding_window_view(np.array(x, float), 3)
    scores = [np.corrcoef(window, h)[0, 1] for window in windows]
    assert f"largest at n = {int((windows @ h).argmax())} ({int((windows @ h).max())})" in said["similarity"]
    assert f"normalised they are at n = {int(np.argmax(scores))} ({max(scores):.4g})." in said["similarity"]
    page.fill("#h", "1, 2, 1")
    assert page.locator("[data-live=symmetry]").inner_text().endswith("differ by up to 0.")
    page.click("[data-to=zh]")
    assert "最多相差 0" in page.locator("[data-live=symmetry]").inner_text()
    assert page.complaints == []


@pytest.mark.parametrize("width", [1440, 820, 360])
def test_the_claims_fit_the_window_and_are_dark_where_that_is_wished(visit, worked, claims, width):
    page = visit(worked, viewport={"width": width, "height": 900}, color_scheme="dark")
    page.goto(claims.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 27)"
    wide = page.evaluate(
        "Math.max(...[...document.querySelectorAll('figure img')].map((i) => i.getBoundingClientRect().width))"
    )
    assert wide >= min(0.4 * width, 500)
