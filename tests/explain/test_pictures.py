"""The pictures are the same every time, show what they should, and no words lie over others."""

import io
import itertools
import json
import re

import numpy as np
import pytest
from faltung_explain.animation import CONTACT, contact_bytes, draw, gif_bytes, images, storyboard
from faltung_explain.bilingual import say
from faltung_explain.drawing import chinese_font, png_bytes, speaking, styled
from faltung_explain.example import PRESETS, WORKED, Example
from faltung_explain.explain import explain_example
from faltung_explain.figure import FigureData, alt_text, caption, figure
from matplotlib.text import Text
from PIL import Image

RUN = Example.of(
    [0.455, 0.341, -0.385, 0.483, 0.438, -0.425, 0.36, 0.554, 0.379, -0.524, 0.42, 0.244],
    [0.288, 0.578, -0.149, 0.0753, -0.0596, 0.035],
)
EXAMPLES = {
    "worked": WORKED,
    "run": RUN,
    **{
        name: Example.of(WORKED.x, h, 3, o)
        for name, (h, o) in PRESETS.items()
        if name in ("difference", "delay", "echo")
    },
    "smoother": Example.of([9, 9, 8, 9, 8, 8, 8, 7], [1, 1, 1, 1, 1], origin=2),
    "ahead": Example.of(WORKED.x, [4, 2, 1], 3, 2),
    "one tap": Example.of(WORKED.x, [2], 3),
    "hall": Example.of([0, 0, -2, -5, -7, -9, -9, -8, -6, -4, -2, -1], [0, -1, 1, -2, 9, 5]),
}
each_example = pytest.mark.parametrize("name", EXAMPLES)


def drawn(name):
    example = EXAMPLES[name]
    return figure(FigureData.of(example), caption(example, 0.0)["en"])


def overlaps(made):
    """Pairs of texts whose boxes on the paper cross, and texts that leave it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(made)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [t for t in made.findobj(Text) if t.get_visible() and t.get_text().strip()]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    width, height = canvas.get_width_height()
    out = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    crossing = [
        (a, b)
        for (a, first), (b, second) in itertools.combinations(boxes, 2)
        if min(first.x1, second.x1) - max(first.x0, second.x0) > 0.5
        and min(first.y1, second.y1) - max(first.y0, second.y0) > 0.5
    ]
    return out, crossing


@each_example
def test_no_text_of_the_figure_lies_over_another_or_leaves_the_paper(name):
    assert overlaps(drawn(name)) == ([], [])


def test_an_overlap_would_be_found():
    made = drawn("worked")
    made.text(0.1, 0.5, "one")
    made.text(0.1, 0.5, "other")
    made.text(0.99, 0.5, "outside the paper")
    out, crossing = overlaps(made)
    assert out == ["outside the paper"]
    assert ("one", "other") in crossing


def test_the_figure_is_the_same_every_time_and_holds_all_its_colours():
    first = png_bytes(drawn("worked"))
    assert first == png_bytes(drawn("worked"))
    picture = Image.open(io.BytesIO(first)).convert("RGB")
    assert picture.size == (1500, 1650)
    colours = {colour for _, colour in picture.getcolors(1 << 22)}
    assert {(0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (17, 17, 17)} <= colours


def test_the_figure_says_the_sum():
    from matplotlib.text import Text

    said = [text.get_text() for text in drawn("worked").findobj(Text)]
    assert "y[3] = 3 + 2 + 8 = 13" in said
    assert {"heard", "now", "not yet"} <= set(said)
    assert any("largest difference 0" in text for text in said)


def test_caption_and_text_alternative_are_made_from_the_numbers():
    text = caption(WORKED, 0.0)["en"]
    assert "y[3] = 3 + 2 + 8 = 13" in text
    assert "42 and 42" in text
    assert "begins 2 frames earlier" in text
    alt = alt_text(FigureData.of(WORKED))["en"]
    assert "[0, 12, 10, 13, 5, 2, 0, 0]" in alt
    assert "[0, 3, 7, 16, 8, 8, 0, 0, 0, 0]" in alt
    assert "x[1]·h[2] = 3, x[2]·h[1] = 2, x[3]·h[0] = 8" in alt


def test_the_chinese_caption_holds_the_same_numbers():
    assert "3 + 2 + 8 = 13" in caption(WORKED, 0.0)["zh"]
    assert "[0, 12, 10, 13, 5, 2, 0, 0]" in alt_text(FigureData.of(WORKED))["zh"]


def test_a_symmetric_kernel_gives_the_same_points():
    data = FigureData.of(RUN)
    assert data.difference <= 8 * np.finfo(float).eps * 4
    np.testing.assert_allclose(*data.symmetric, atol=1e-15)


@each_example
def test_the_storyboard_lasts_about_eighteen_seconds_and_has_six_pictures_for_the_sheet(name):
    shots = storyboard(EXAMPLES[name])
    assert sum(shot.seconds for shot in shots) == pytest.approx(17.3, abs=1.5)
    assert tuple(shot.scene for shot in shots if shot.key) == CONTACT


def test_the_kernel_turns_about_tap_0_and_its_taps_stay_in_order():
    turn = [shot for shot in storyboard(WORKED) if shot.scene == "turn"]
    places = np.array([shot.taps_at for shot in turn])
    assert places[0].tolist() == [3, 4, 5]
    assert places[-1].tolist() == [3, 2, 1]
    assert (places[:, 0] == 3).all()
    assert (np.diff(places[:, 2]) < 0).all()


def test_turned_the_taps_stay_in_the_past_and_unturned_they_reach_into_the_future():
    shots = storyboard(WORKED)
    assert all(max(shot.taps_at) <= shot.now for shot in shots if shot.scene == "slide")
    assert all(max(shot.taps_at) == shot.now + 2 for shot in shots if shot.scene == "future")


def test_every_shot_draws_something_of_its_own_and_the_same_every_time():
    shots = [shot for shot in storyboard(WORKED) if shot.key]
    pictures = images(shots, WORKED)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 6
    assert pictures[0].size == (800, 450)
    assert images(shots[:2], WORKED)[1].tobytes() == pictures[1].tobytes()
    assert contact_bytes(pictures) == contact_bytes(pictures)
    assert gif_bytes(shots, pictures) == gif_bytes(shots, pictures)


@each_example
def test_no_text_of_the_animation_lies_over_another(name):
    from matplotlib.figure import Figure

    for shot in storyboard(EXAMPLES[name]):
        if not (shot.key or shot.scene == "turn"):
            continue
        with styled():
            made = Figure(figsize=(8, 4.5), dpi=100)
            draw(made, shot, EXAMPLES[name])
            assert overlaps(made) == ([], []), shot.scene


@each_example
def test_the_film_lays_every_tap_where_its_product_is(name):
    example = EXAMPLES[name]
    m, o = len(example.h), example.origin
    for shot in storyboard(example):
        if shot.falling is not None and shot.falling[1] == 0:
            made = laid(shot, example)
            assert made == [float(n) for n in shot.now + np.arange(m) - o]
            row = dict(zip(example.n.tolist(), example.launches("convolve")[shot.now].tolist(), strict=True))
            assert [row[n] for n in made] == (example.x[shot.now] * example.h).tolist()
        if shot.scene in ("slide", "future"):
            met = {term.k: float(term.i) for term in example.terms(shot.now, shot.kind)}
            assert dict(enumerate(laid(shot, example))) == met


@each_example
def test_the_diamond_of_the_figure_is_the_tap_at_time_zero(name):
    example = EXAMPLES[name]
    m, o, now = len(example.h), example.origin, example.now
    made = figure(FigureData.of(example), "")
    made.draw_without_rendering()
    as_written, turned, gathered = [
        [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]
        for cell in (made.subfigs[1], made.subfigs[3]) for axes in cell.axes
    ]  # fmt: skip
    assert (as_written, turned) == ([o], [m - 1 - o])
    assert len(gathered) == 1
    assert now - 0.5 < gathered[0] <= now  # what has just come meets time zero


def laid(shot, example):
    """Where the taps stand in the picture of a shot, tap 0 first; the diamond is the one at time zero."""
    from matplotlib.figure import Figure

    with styled():
        made = Figure(figsize=(8, 4.5), dpi=100)
        draw(made, shot, example)
    marks = [line for line in made.axes[1].lines if line.get_marker() in ("s", "D")]
    assert [k for k, mark in enumerate(marks) if mark.get_marker() == "D"] == [example.origin]
    return [float(mark.get_xdata()[0]) for mark in marks]


@each_example
def test_what_figure_and_film_say_is_so(name, monkeypatch):
    """The sentences that not every kernel makes true, held to sums by numpy."""
    example, told = EXAMPLES[name], []

    def noted(key, **values):
        told.append((key, values))
        return say(key, **values)["en"]

    for module in ("animation", "figure"):
        monkeypatch.setattr(f"faltung_explain.{module}.drawn", noted)
    data = FigureData.of(example)
    figure(data, "")
    shots = storyboard(example)
    said = {key for key, _ in told}
    x, h, o, m = example.x, example.h, example.origin, len(example.h)
    noise = np.random.default_rng(3).standard_normal(40)
    same = np.array_equal(np.pad(h, (m - 1 - o, o)), np.pad(h, (m - 1 - o, o))[::-1])
    y, r = np.convolve(noise, h)[o:][:40], np.correlate(noise, h, "full")[m - 1 - o :][:40]
    assert np.allclose(y, r) == same
    assert ("film_same" in said) == (same and m - 1 - o <= o)
    assert ("film_future" in said) == (m - 1 - o > o)  # not turned, h reaches further ahead than turned
    assert ("film_swells" in said) == any(
        sum(h[k] * x[n + k - o] for k in range(m) if 0 <= n + k - o < len(x)) != 0 and m - 1 - o > o
        for n in range(-m, int(np.flatnonzero(x)[0]))
    )
    after = o == 0 and m > 1
    assert ({"fig_after", "fig_before", "fig_click", "fig_rings"} <= said) == after
    assert {"fig_after_about", "fig_before_about", "fig_click_about", "fig_about"} <= said or after
    assert ("fig_box" in said) == ("film_launch" in said) == (o == 0)
    assert {values["o"] for key, values in told if key in ("fig_reversed", "film_turn", "film_launch_about")} == {o}
    assert ("film_trace_one" in said) == (m == 1)
    alt = alt_text(data)["en"]
    assert f"a diamond on h[{o}]" in alt
    assert ("its mirror before it" in alt) == after
    assert [shot.text for shot in shots if "{" in shot.text] == []


def test_the_gif_in_the_folder_moves_and_is_small(filmed):
    content = (filmed.folder / "flip.gif").read_bytes()
    assert len(content) < 2_500_000
    gif = Image.open(io.BytesIO(content))
    assert gif.n_frames > 40
    assert gif.size == (800, 450)
    times = []
    for index in range(gif.n_frames):
        gif.seek(index)
        times.append(gif.info["duration"])
    assert 15_500 <= sum(times) <= 19_500


def test_the_folder_holds_all_that_is_promised(filmed):
    names = {path.name for path in filmed.folder.iterdir()}
    assert names - {"flip.mp4"} == {"index.html", "figure.png", "flip.gif", "contact.png", "numbers.json"} | {
        f"{sound['name']}.wav" for sound in json.loads((filmed.folder / "numbers.json").read_text("utf-8"))["sounds"]
    }
    assert filmed.files.keys() == names


def words_of(made):
    """Every text of a figure, its parts and its ticks."""
    made.canvas.draw()
    return [text.get_text() for text in made.findobj(Text)]


def test_in_chinese_every_word_of_figure_and_film_is_chinese():
    if chinese_font() is None:
        pytest.skip("no font with Chinese characters is installed")
    with speaking("zh"), styled():
        said = [*words_of(figure(FigureData.of(WORKED), "")), *(shot.text for shot in storyboard(WORKED))]
    assert [text for text in said if re.search(r"[A-Za-z]{3,}", text)] == []
    assert sum(bool(re.search(r"[\u4e00-\u9fff]", text)) for text in said) > 40
    said = [*words_of(figure(FigureData.of(WORKED), "")), *(shot.text for shot in storyboard(WORKED))]
    assert [text for text in said if re.search(r"[\u4e00-\u9fff]", text)] == []


def test_without_a_font_pictures_speak_english_and_say_so(tmp_path, monkeypatch):
    for module in ("drawing", "explain"):
        monkeypatch.setattr(f"faltung_explain.{module}.chinese_font", lambda: None)
    made = explain_example(tmp_path / "zh", lang="zh")
    assert any("没有找到中文字体" in note for note in made.notes)
    explain_example(tmp_path / "en")
    assert (tmp_path / "zh" / "figure.png").read_bytes() == (tmp_path / "en" / "figure.png").read_bytes()
    if chinese_font() is not None:
        monkeypatch.undo()
        explain_example(tmp_path / "zh", lang="zh")
        assert (tmp_path / "zh" / "figure.png").read_bytes() != (tmp_path / "en" / "figure.png").read_bytes()


def test_colours_that_mean_something_are_exact_in_the_gif(filmed):
    gif = Image.open(io.BytesIO((filmed.folder / "flip.gif").read_bytes()))
    seen = set()
    for index in range(gif.n_frames):
        gif.seek(index)
        seen |= {colour for _, colour in gif.convert("RGB").getcolors(1 << 19)}
    assert {(0, 114, 178), (230, 159, 0), (204, 121, 167), (17, 17, 17), (142, 201, 238)} <= seen
    assert len(seen) <= 64


def test_the_last_scene_has_its_middle_tap_at_now_and_hatches_what_is_to_come():
    from matplotlib.figure import Figure

    shot = storyboard(WORKED)[-1]
    with styled():
        made = Figure(figsize=(8, 4.5), dpi=100)
        draw(made, shot, WORKED)
        marks = [line for line in made.axes[1].lines if line.get_marker() == "D"]
        assert [line.get_xdata()[0] for line in marks] == [shot.now]
        assert all(any(part.get_hatch() for part in axes.patches) for axes in made.axes)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_titles_of_the_film_leave_a_margin(lang):
    if lang == "zh" and chinese_font() is None:
        pytest.skip("no font with Chinese characters is installed")
    with speaking(lang):
        shots = {shot.text: shot for shot in storyboard(WORKED)}
        for picture in images(shots.values(), WORKED):
            ink = np.flatnonzero((np.asarray(picture.convert("L"))[8:40] < 128).any(axis=0))
            assert ink[0] >= 25
            assert ink[-1] <= 775
