"""Every page that is written shows names of markup as names: its elements are those of a page of plain names.

Convention: each page is made twice, of plain names and of hostile ones, and both must have the same elements with the
same attributes, in the same order; a browser then opens the hostile one, and nothing of it may have run.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_explain import page as explain_page
from faltung_explain.claims import report as claims
from faltung_explain.listening import for_listening
from faltung_explain.sounds import make_sounds
from faltung_explain.subject import Subject
from faltung_measure import measure_room
from faltung_measure.page import measure_page

from pipeline.io import SignalInfo, write_signal
from tests.cli.conftest import faltung, place  # noqa: F401  (fixtures)
from tests.measure.rooms import recorded, rooms
from tests.measure.test_sweep import small
from tests.test_atlas import ROWS, atlas

ROOT = Path(__file__).parents[1]
ATTACK = """<img src=x onerror="pwned=1">' onload='pwned=1' "><svg onload=pwned=1>&lt;b&gt;{{7*7}}"""
ATTACKS = {
    "plain": "plain",
    "markup": ATTACK,
    "ends a script": "</script><script>pwned=1</script><!--<script>" + ATTACK,
    "ends a title": "</title></style></noscript><script>pwned=1</script>" + ATTACK,
}


class Elements(HTMLParser):
    """The elements of a page, with the names of their attributes; handlers and script addresses are none of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        assert not [name for name, _ in attrs if name.startswith("on")], (tag, attrs)
        assert not [value for _, value in attrs if (value or "").strip().lower().startswith("javascript:")]
        self.found.append((tag, *(name for name, _ in attrs)))


def said(text: str):
    return {"en": text, "zh": text}


def lesson(name: str, folder: Path) -> str:
    x, h = np.eye(1, 3000, 700)[0], np.hanning(500)[1:]
    subject = Subject(x, h, 8000, name, name)
    listening = for_listening(subject)
    sounds = make_sounds(listening.x, listening.h, listening.fs)
    own = explain_page.Excerpt(explain_page.WORKED, said(name))
    texts = {"caption": said(name), "signal": said(name), "stage": said(name)}
    texts |= {key: [said(name)] for key in ("warnings", "said", "notes")}
    return explain_page.page_html(explain_page.page_data(subject, own, listening, sounds, texts), "en")


def of_claims(name: str, folder: Path) -> str:
    results = []
    for one in claims.run_claims():
        words = {f.name: said(name) for f in fields(one) if f.name in ("claim", "nuance", "finding", "alt")}
        results.append(replace(one, **words, numbers={name: name, **one.numbers}))
    return claims.page(results, "en")


def of_atlas(name: str, folder: Path) -> str:
    rows = [{**row, "package": name, "target": [*row["target"], name]} for row in ROWS[:40]]
    return atlas.html(rows)


def of_room(name: str, folder: Path) -> str:
    sweep = small(repeats=2)
    y, _ = recorded(sweep.signal(), rooms(0.3, 16_000, 1, 1, seed=6), 16_000, noise_db=-60)
    made = measure_room(y, sweep)
    bad = {"takes": (replace(made.takes[0], name=name),), "warnings": (name,), "method": name, "cut_because": name}
    return measure_page(replace(made, **bad))


WRITTEN = {"explain": lesson, "claims": of_claims, "atlas": of_atlas, "room": of_room}


@pytest.fixture
def nothing_runs(browser):
    """Opens a page in a browser, and says whether a word of an attack has run or become an element."""
    context = browser.new_context(offline=True)

    def opened(path: Path) -> None:
        page = context.new_page()
        page.goto(path.as_uri())
        page.wait_for_timeout(50)
        assert page.evaluate("typeof pwned") == "undefined"
        assert page.evaluate("document.querySelectorAll('img[src=x], [onload], [onerror]').length") == 0
        page.close()

    yield opened
    context.close()


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_a_page_is_given_becomes_no_element(kind, nothing_runs, tmp_path, monkeypatch):
    monkeypatch.setattr("faltung_explain.claims.figures.figure_svg", lambda result: b"<svg/>")
    pages = {name: WRITTEN[kind](text, tmp_path) for name, text in ATTACKS.items()}
    plain = Elements(pages["plain"]).found
    assert len(plain) > 20
    for name, text in pages.items():
        assert Elements(text).found == plain, name
        assert "pwned" not in re.sub(r"&lt;|&#\d+;|\\u\w{4}|&amp;|&gt;", "", text) or name != "plain"
    (tmp_path / "page.html").write_text(pages["ends a script"], "utf-8")
    nothing_runs(tmp_path / "page.html")


@pytest.mark.parametrize("columns", [pytest.param(["a", "b"], marks=pytest.mark.long), [ATTACK, "</script>"]])
def test_what_stands_in_a_configuration_or_a_recording_becomes_no_element(faltung, place, nothing_runs, columns):  # noqa: F811
    made = {}
    for name, text in (("plain", "plain"), ("hostile", ATTACK), ("ends a script", ATTACKS["ends a script"])):
        folder = place / re.sub(r"\W", "", name)
        folder.mkdir()
        stem = text.replace("/", "")
        noise = np.random.default_rng(3).standard_normal(4000) / 9
        info = SignalInfo(8000.0, 1, 4000, "WAV", "PCM_16", tags=(("title", text), ("mood", text)))
        write_signal(folder / f"{stem}.flac", noise, 8000, source=info)
        sf.write(folder / f"{stem} call.wav", noise[800:1000], 8000)
        (folder / f"broken {stem}.wav").write_bytes(b"RIFF\x10\0\0\0WAVEjunk")
        with (folder / f"{stem}.csv").open("w", newline="") as file:
            import csv

            csv.writer(file).writerows([columns, *np.random.default_rng(4).standard_normal((300, 2)).tolist()])
        (folder / "labels.txt").write_text(f"0.1\t0.2\t{text}\n0.3\t0.4\t{text}\n", "utf-8")
        conf = (place / "echo.yaml").read_text("utf-8") + f"\n# {text}\n"
        (folder / "c.yaml").write_text(conf, "utf-8")
        sources = [folder / f"{stem}.flac", folder / f"broken {stem}.wav"]
        ran = faltung("run", folder / "c.yaml", *sources, "-o", folder / "o{stem}.npy", "--report", folder / "run.html")
        assert ran.code == 1  # one is broken
        found = faltung("match", sources[0], "-t", folder / f"{stem} call.wav", "--truth", folder / "labels.txt",
                        "--report", folder / "match.html")  # fmt: skip
        table = faltung("match", folder / f"{stem}.csv", "-t", "0.5:0.9", "-s", "fs=100", "--threshold", "0.9",
                        "--report", folder / "table.html")  # fmt: skip
        explained = faltung("explain", folder / "c.yaml", sources[0], "-o", folder / "explained")
        assert (found.code, table.code, explained.code) == (0, 0, 0), (found.err, table.err, explained.err)
        pages = ["run.html", "match.html", "table.html", "explained/index.html"]
        made[name] = {page: Elements((folder / page).read_text("utf-8")).found for page in pages}
        for page in pages if name != "plain" else ():
            nothing_runs(folder / page)
    for name, pages in made.items():
        for page, elements in pages.items():
            assert elements == made["plain"][page], (name, page)


def test_no_script_of_a_page_makes_elements_out_of_text():
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
    )
    read = [
        p
        for where in ("pipeline", "plugins", "docs")
        for ext in ("js", "j2", "html")
        for p in (ROOT / where).rglob(f"*.{ext}")
    ]
    assert len(read) > 10
    assert [path.name for path in read if ways.search(path.read_text("utf-8"))] == []
    assert [path.name for path in read if re.search(r"\|\s*safe\b", path.read_text("utf-8"))] == []


PAGES = sorted(path for top in ("pipeline", "plugins") for path in (ROOT / top).rglob("templates/*.j2"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_asks_a_network_for_anything(path: Path) -> None:
    elsewhere = r"\s*[\"']?\s*(?:https?:|//)"
    asks = rf"(?i)(?:\bsrc(?:set)?|<link[^>]*\bhref|\baction)\s*={elsewhere}|(?:url|fetch)\({elsewhere}|@import"
    assert not re.search(asks, path.read_text("utf-8"))


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) >= 5
