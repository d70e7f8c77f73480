"""Each scene of the lesson has its row in docs/flip-scenes.md, and does not print the sentence that it is held to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faltung_explain.bilingual import texts_of

ROOT = Path(__file__).resolve().parents[2]
SCENES = ("clap", "launch", "now", "read", "pairs", "turn", "noturn", "plane", "ear")
AFTER_THE_SCENES = re.compile("blank_|filled_|means_|word_")

table = (ROOT / "docs" / "flip-scenes.md").read_text("utf-8")
rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if re.match(r"\| \d", line)]
words = texts_of("words.json")


def content(text: str) -> set[str]:
    """The words of a text that carry it."""
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3}


def test_the_table_has_the_nine_scenes_of_the_page_under_the_titles_of_the_page():
    page = (ROOT / "plugins/faltung-explain/src/faltung_explain/templates/page.html.j2").read_text("utf-8")
    assert re.findall(r"scene\('(\w+)', (\d)\)", page) == [(s, str(n)) for n, s in enumerate(SCENES, 1)]
    assert [title for title, *_ in rows] == [f"{n} {words[f'h_{s}']['en']}" for n, s in enumerate(SCENES, 1)]
    assert all(len(row) == 3 and all(row) for row in rows)


@pytest.mark.parametrize("row", rows, ids=[row[0] for row in rows])
def test_no_text_of_the_page_prints_what_is_to_be_said_after_a_scene(row):
    for part in row[1].split("; "):
        wanted = content(part)
        for key, text in words.items():
            if not AFTER_THE_SCENES.match(key):
                shared = wanted & content(text["en"])
                assert len(shared) < max(3, 0.7 * len(wanted)), (key, part, shared)


def test_a_text_that_prints_the_sentence_would_be_found():
    printed = "Without the turn this layer would need frames of the future, were the axis time."
    wanted = content(rows[6][1].split("; ")[0])
    assert len(wanted & content(printed)) >= max(3, 0.7 * len(wanted))


INTRODUCED = {  # where a word is first met, and in what
    "frame": ("clap", "a frame is one step of time"),
    "diamond": ("clap", "h[0], the diamond, comes at once"),
    "sample": ("launch", "Each of its numbers is a sample"),
    "stack": ("launch", "The stack is y"),
    "kernel": ("now", "The list h is called the kernel"),
    "tap": ("now", "each of its numbers a tap, or weight"),
    "weight": ("now", "each of its numbers a tap, or weight"),
    "n =": ("now", "frame n, and hear what arrives"),
    "Σ": ("pairs", "Σ x[i]·h[k], the sum of these products"),
    "convol": ("noturn", "y is called convolution"),
    "correlat": ("noturn", "This sum is called correlation"),
    "time zero": ("noturn", "the tap at time zero (the diamond)"),
    "stamp": ("plane", "it stamps the hook around itself"),
    "★": ("plane", "★ is correlation"),
    "[Oo]rigin\\b": ("noturn", "Origin, the tap at time zero"),
}
"""Who never heard of it meets no word of the trade before it is said what it means."""


@pytest.mark.parametrize("word", INTRODUCED)
def test_no_word_of_the_trade_is_used_before_it_is_introduced(visit, worked, word):
    page = visit(worked, reduced_motion="reduce")
    page.evaluate("launch(sounding()); stopped()")
    texts = page.evaluate("""() => [...document.querySelectorAll('main > section')].map((part) => [part.id,
        [...part.querySelectorAll('h2, h3, p, .said, label, summary, button, dt, dd, svg text')]
            .map((t) => t.textContent).join(' | ')])""")
    first = next(name for name, text in texts if re.search(rf"(?<![a-z]){word}", text))
    where, said = INTRODUCED[word]
    assert first == where
    assert said in dict(texts)[where]


def test_the_formula_offers_its_other_forms_once_sums_are_written(visit, worked):
    page = visit(worked, reduced_motion="reduce")
    for scene, shown in (("read", False), ("pairs", True), ("turn", True)):
        page.evaluate(
            f"document.querySelector('#h-{scene}').scrollIntoView({{ block: 'center', behavior: 'instant' }})"
        )
        page.wait_for_selector(f"#places a[href='#{scene}'][aria-current]")
        assert page.locator("#pic-formula").is_visible()
        assert page.locator("#form").is_visible() == shown
