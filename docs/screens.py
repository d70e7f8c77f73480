"""Makes screenshots of every page that faltung writes, in three widths, both schemes and both languages, for the eye.

``python docs/screens.py FOLDER [PAGE ...]`` writes the pages into FOLDER, and of each sheets of screenshots that show
it whole: columns side by side, read from the left; scenes of a run have the run's own numbers. It needs the browser
of the tests; the site's pages are among them once ``make docs`` has made it.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
WIDTHS, SCHEMES, LANGUAGES = (1440, 820, 360), ("light", "dark"), ("en", "zh")
SHEET = 1720, 1800  # pixels across and down: more is made smaller by who shows it
DONE = (
    "#now-show, #how button, #cards button, #learn-on, #back [data-value=convolve]"  # clicked, so that answers are seen
)
RUNS = {f"run-{path.stem}": [path] for path in sorted((ROOT / "configs").glob("*.yaml"))}
SITE = {f"site-{path.stem}": path for path in sorted((ROOT / "build" / "site").glob("*.html"))}  # once made


def make(page: str, folder: Path) -> Path:
    """The page, written into ``folder``."""
    where, conf, data = folder / page, ROOT / "configs", ROOT / "data"
    where.mkdir(parents=True, exist_ok=True)
    if page == "worked" or page in RUNS:
        faltung("explain", *RUNS.get(page, ()), "-o", where, "--overwrite")
        return where / "index.html"
    if page in SITE:
        return SITE[page]
    if page == "room":
        sweep, take, report = where / "sweep.wav", where / "take.wav", where / "room.html"
        faltung("sweep", "-o", sweep, "--length", "3s", "--silence", "1s", "--overwrite")
        faltung("apply", sweep, take, "reverb", f"ir={data / 'room_mono.wav'}", ":", "gain", "gain=0.1", "--overwrite")
        faltung("measure", take, "--sweep", sweep, "--report", report, "--overwrite")
        return report
    if page == "claims":
        faltung("explain", "claims", "-o", where)
        return where / "claims.html"
    if page == "atlas":
        return ROOT / "docs" / "atlas.html"
    if page == "batch":
        recordings = where / "in"
        recordings.mkdir(exist_ok=True)
        for n in range(200):
            loud = np.random.default_rng(n).standard_normal(800) * (0.02 + n / 400)
            sf.write(recordings / f"{n:03}.wav", np.clip(loud, -1, 1), 8000)
        for n in (7, 70):
            (recordings / f"{n:03}.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVEjunk")
        report = where / "report.html"
        faltung(
            "run",
            conf / "echo.yaml",
            recordings / "*.wav",
            "-o",
            where / "out" / "{stem}.wav",
            "--report",
            report,
            "--overwrite",
            ok=False,
        )
        return report
    chirps = (data / "chirps.wav", "-t", data / "chirp_up.wav", "--threshold")
    searches: dict[str, tuple[object, ...]] = {
        "events-few": (*chirps, 0.7, "--truth", data / "chirps.csv"),
        "events-none": (*chirps, 0.9999),
        "events-many": (data / "drums.wav", "-t", "0.1:0.2", "-t", "0.6:0.7", "--threshold", "mad 8"),
        "events-spectrogram": (*chirps, 0.4, "--domain", "spectrogram"),
    }
    faltung("match", *searches[page], "--report", where / "match.html", "-o", where / "events.csv", "--overwrite")
    return where / "match.html"


def faltung(*words: object, ok: bool = True) -> None:
    """One command, as in a shell."""
    subprocess.run([Path(sys.executable).with_name("faltung"), *map(str, words)], check=ok, stdout=subprocess.DEVNULL)  # noqa: S603  (ours)


EVENTS = ("events-few", "events-none", "events-many", "events-spectrogram")
PAGES = ("worked", *RUNS, "claims", "atlas", "batch", *EVENTS, "room", *SITE)


def looked_at(browser: Any, path: Path, width: int, scheme: str, lang: str) -> Image.Image:
    """The page from top to bottom, with everything open that can be opened and every sound made."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(path.as_uri())
    if lang == "zh":
        page.locator("#lang, [data-to=zh]").click()
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    if page.locator("#places").count():
        page.evaluate("if (data.run) choose('run'); ready(); launch(sounding()); stopped()")
        page.evaluate(f"for (const part of document.querySelectorAll({DONE!r})) part.click()")
    page.add_style_tag(content="nav, #formula { position: static !important; }")
    page.wait_for_timeout(400)
    taken = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    context.close()
    return taken


def sheets(picture: Image.Image) -> Iterator[Image.Image]:
    """A tall picture as sheets of columns, with what is empty at both sides of it left out."""
    pixels = np.asarray(picture.convert("L"))
    used = np.flatnonzero((pixels != pixels[:, :1]).any(axis=0))
    picture = picture.crop((max(0, int(used[0]) - 8), 0, min(picture.width, int(used[-1]) + 9), picture.height))
    across, high = max(1, SHEET[0] // picture.width), SHEET[1]
    columns = [
        picture.crop((0, top, picture.width, min(top + high, picture.height))) for top in range(0, picture.height, high)
    ]
    for first in range(0, len(columns), across):
        some = columns[first : first + across]
        sheet = Image.new("RGB", ((picture.width + 6) * len(some), high), "#888")
        for place, column in enumerate(some):
            sheet.paste(column, (place * (picture.width + 6), 0))
        yield sheet


def main(folder: Path, names: list[str]) -> None:
    """Every page in every way, one sheet after the other."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in names or PAGES:
            path = make(name, folder)
            languages = LANGUAGES if name in ("worked", "claims", *RUNS) else LANGUAGES[:1]
            for width, scheme, lang in product(WIDTHS, SCHEMES, languages):
                taken = looked_at(browser, path, width, scheme, lang)
                for number, sheet in enumerate(sheets(taken), 1):
                    sheet.save(folder / f"{name}-{width}-{scheme}-{lang}-{number}.png")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Say where to: python docs/screens.py FOLDER [PAGE ...]")
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
