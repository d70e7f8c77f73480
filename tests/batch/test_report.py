"""The report of a run: what it says, that its page and its data agree, and the page in a real browser."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
import soundfile as sf

from pipeline.batch.report import page_html, run_facts, run_report, write_report
from pipeline.config.load import parse_config
from pipeline.dsp.transforms import library_version
from pipeline.errors import UsageError
from pipeline.job import Hooks, Job, run_job
from pipeline.pages import shown
from tests.browser import until
from tests.cli.conftest import ECHO, Done, faltung, place  # noqa: F401

HOSTILE = (
    "<script>alert(1)</script>.wav",
    "\"'&amp;.wav",
    "\u202eslc\u05d0.wav",
    "caf\udce9.wav",
    "a?b#c%20.wav",
    "x\ny.wav",
)


def record(item="a.wav", status="done", **more):
    known = {
        "item": item,
        "outputs": [{"path": f"out/{item}", "bytes": 1000, "blake2b": "0" * 40}] if status == "done" else [],
        "status": status,
        "seconds": 0.5,
        "x_realtime": 20.0 if status == "done" else None,
        "duration_in_s": 10.0 if status == "done" else None,
        "fs_in": 8000.0,
        "channels_in": 1,
        "frames_in": 80_000,
        "peak": 0.5 if status == "done" else None,
        "clipped": 0 if status == "done" else None,
        "first_clip": None,
        "warnings": [],
        "events": None,
        "error": None,
        "attempts": 1,
        "envelope": [[-127, 127]] * 64 if status == "done" else None,
    }
    return {**known, **more}


def at(frame):
    return {"frame": frame, "channel": 0}


def facts(text=ECHO, seconds=4.0):
    settings = parse_config(text).settings
    began = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    return run_facts(settings, version="1.2.3", began=began, seconds=seconds, jobs=2, threads=1)


class Rows(HTMLParser):
    """The cells of every line of the table, and the links of the page."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.links, self.numbers, self.failures, self.scripts = [], [], [], [], 0
        self._in, self._ended = None, False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.scripts += tag == "script"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.numbers.append(known.get("data-v"))
        if tag == "a":
            self.links.append(known["href"])
        self._in = tag if tag in ("td", "th", "bdi", "a", "p", "small", "li") else None

    def handle_endtag(self, tag):
        self._ended = self._ended or tag == "table"

    def handle_data(self, data):
        if self.rows and self.rows[-1] and self._in and not self._ended:
            self.rows[-1][-1] += data.strip()


def table(data, folder=Path()):
    page = Rows(page_html(data, folder))
    return [row for row in page.rows if row][1:], page


def test_totals_are_sums_over_the_records():
    records = [
        record("a.wav", clipped=3, first_clip=at(7), peak=1.2, events=2),
        record("b.wav", duration_in_s=30.0, events=0),
        record("c.wav", "failed", error="is no WAV", seconds=0.1),
        record("d.wav", "skipped"),
        record("e.wav", "not begun"),
        record("f.wav", "unchanged", duration_in_s=5.0),
    ]
    assert run_report(records, facts())["totals"] == {
        "files": 6,
        "done": 2,
        "unchanged": 1,
        "failed": 1,
        "skipped": 1,
        "not begun": 1,
        "duration_in_s": 45.0,
        "x_realtime": 10.0,
        "clipped_files": 1,
        "clipped": 3,
        "events": 2,
        "bytes": 2000,
    }
    assert run_report([], facts(seconds=0.0))["totals"]["x_realtime"] is None


def test_the_most_clipped_come_first_then_the_loudest():
    records = [record("quiet", peak=0.1), record("b", "failed", error="x"), record("loud", peak=0.9)]
    records += [record("few", clipped=1, peak=2.0), record("many", clipped=9, peak=1.1), record("also", peak=0.1)]
    files = run_report(records, facts())["files"]
    assert [one["item"] for one in files] == ["many", "few", "loud", "also", "quiet", "b"]


def test_facts_say_what_ran_and_keep_no_credentials():
    ran = facts(ECHO.replace("in.wav", "https://me:secret@host/in.wav?token=abc"))
    assert "delay: 0.01" in ran["configuration"]
    assert "input:\n  - https://***@host/in.wav?***\n" in ran["configuration"]
    assert re.fullmatch("[0-9a-f]{32}", ran["configuration_hash"])
    assert ran["configuration_hash"] != facts()["configuration_hash"]
    libraries = {"numpy", "scipy", "soundfile", "soxr", "libsndfile"}
    assert set(ran["versions"]) == {"faltung", "python", *libraries, "transforms"}
    assert ran["versions"]["transforms"] == library_version()
    assert ran["began"] == "2026-05-04T03:02:01+00:00"


def test_the_page_shows_each_record_as_the_data_has_it(tmp_path):
    records = [
        record("loud.wav", clipped=1234, first_clip=at(5678), peak=2.0, warnings=["a subtype changed"]),
        record("quiet.wav", peak=0.001, duration_in_s=7200.5, x_realtime=3600.25),
        record("none.wav", peak=0.0),
        record("bad.wav", "failed", error="is no WAV", attempts=3),
    ]
    write_report(tmp_path / "r.html", run_report(records, facts()))
    data = json.loads((tmp_path / "r.json").read_text())
    assert data == run_report(records, facts())
    html = (tmp_path / "r.html").read_text("utf-8")
    assert html == page_html(data, tmp_path)
    rows, _ = table(data)
    assert rows == [
        ["loud.wav", "", "done", "10 s", "20", "6.02", "1,234first at frame 5,678", "a subtype changed"],
        ["quiet.wav", "", "done", "2:00:00", "3,600", "\u221260.00", "0", ""],
        ["none.wav", "", "done", "10 s", "20", "\u2212\u221e", "0", ""],
        ["bad.wav", "", "failed", "", "", "", "", "is no WAV"],
    ]
    assert re.search(r"<li><bdi>bad\.wav</bdi>: <span>is no WAV</span> <span class=\"faint\">\(3 attempts\)", html)
    for fact in (
        "delay: 0.01",
        data["run"]["configuration_hash"],
        "2026-05-04 03:02:01+00:00",
        "1,234 samples in 1 file",
    ):
        assert fact in html


def test_events_have_a_column_where_any_record_has_them():
    none, _ = table(run_report([record()], facts()))
    some, _ = table(run_report([record(events=1200), record("b.wav")], facts()))
    assert [len(row) for row in none + some] == [8, 9, 9]
    assert [row[7] for row in some] == ["1,200", ""]


def test_a_search_that_writes_no_sound_has_no_levels_to_show():
    searched = [record(name, peak=None, clipped=None, events=2) for name in ("a.wav", "b.wav")]
    html = page_html(run_report(searched, facts()), Path())
    assert "clipped" not in html
    assert "loudest" not in html
    assert '<option value="">file</option>' in html
    levels = [record("a.wav", peak=None, clipped=None, events=2), record("b.wav", peak=0.5, clipped=0, events=None)]
    assert "peak dBFS" in page_html(run_report(levels, facts()), Path())


def test_a_table_has_a_peak_that_is_no_level():
    for name, peak, shown_peak in (("a.csv", 36.6, "36.6"), ("a.tsv", 2.5, "2.5"), ("a.txt", 2.5, "2.5")):
        rows, _ = table(run_report([record(name, peak=peak)], facts()))
        assert rows[0][5] == shown_peak


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_shown_as_text_and_linked_as_bytes(tmp_path, name):
    (tmp_path / "out").mkdir()
    outputs = [{"path": str(tmp_path / "out" / name), "bytes": 1}]
    records = [record(name, outputs=outputs, warnings=[name]), record(name, "failed", error=name)]
    data = run_report(records, facts())
    write_report(tmp_path / "r.html", data)
    assert json.loads((tmp_path / "r.json").read_bytes()) == data
    html = (tmp_path / "r.html").read_bytes().decode("utf-8")
    rows, page = table(data, tmp_path)
    assert [row[0] for row in rows] == [shown(name)] * 2
    assert page.scripts == 1
    assert "\u202e" not in html

    assert [unquote_to_bytes(link) for link in page.links] == [b"./out/" + os.fsencode(name)]


def test_what_is_invisible_or_no_utf_8_is_shown_as_an_escape():
    assert [shown(name) for name in HOSTILE[2:]] == [
        "\\u202eslc\u05d0.wav",
        "caf\\xe9.wav",
        "a?b#c%20.wav",
        "x\\ny.wav",
    ]


def test_an_output_in_a_store_or_on_a_pipe_has_no_link():
    outputs = [{"path": path, "bytes": 1} for path in ("s3://b/y.wav", "-")]
    _, page = table(run_report([record(outputs=[one]) for one in outputs], facts()))
    assert page.links == []
    assert not re.search(
        '<button[^>]*class="play"', page_html(run_report([record(outputs=outputs[:1])], facts()), Path())
    )


def test_links_lead_from_the_folder_of_the_report(tmp_path):
    one = [{"path": str(tmp_path / "out/a.wav"), "bytes": 1}]
    _, page = table(run_report([record(outputs=one)], facts()), tmp_path / "reports/may")
    assert page.links == ["../../out/a.wav"]


def test_a_report_replaces_only_a_report(tmp_path):
    data = run_report([record()], facts())
    path = tmp_path / "new/r.html"
    write_report(path, data)
    write_report(path, run_report([record(clipped=5)], facts()))
    assert json.loads(path.with_suffix(".json").read_text())["totals"]["clipped"] == 5
    for name in ("r.html", "r.json"):
        (tmp_path / name).write_text("{}")
        with pytest.raises(
            UsageError, match=rf"{name}: is another file, which the report would replace; give the report"
        ):
            write_report(tmp_path / "r.html", data)
        assert (tmp_path / name).read_text() == "{}"
        (tmp_path / name).unlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new"]


def thousand(folder):
    rng = np.random.default_rng(1)
    records = []
    for i in range(1000):
        item = f"2026/field/site-{i % 7}/recording_{i:04d}_of_the_night.wav"
        status = "failed" if i % 97 == 5 else "skipped" if i % 50 == 7 else "done"
        more = {}
        if status == "done":
            pairs = np.sort(rng.integers(-127, 128, (64, 2))).tolist()
            output = [{"path": str(folder / "out" / item), "bytes": 10**6, "blake2b": "0" * 40}]
            peak = float(rng.uniform(0.001, 1.2))
            clips = int(rng.integers(1, 999)) if peak > 1 else 0
            more = {
                "envelope": pairs,
                "peak": peak,
                "clipped": clips,
                "first_clip": at(7) if clips else None,
                "outputs": output,
            }
        records.append(record(item, status, error="is no WAV" if status == "failed" else None, **more))
    return run_report(records, facts())


def test_a_thousand_files_are_a_page_under_3_mb_that_names_no_other_host(tmp_path):
    write_report(tmp_path / "r.html", thousand(tmp_path))
    html = (tmp_path / "r.html").read_text("utf-8")
    assert len(html.encode()) < 2_000_000
    assert "<audio" not in html
    assert re.findall(r"https?://", html) == []
    assert re.findall(r'(?:src|href)="(?!data:|\./out/)', html) == []


# The command


def test_the_command_writes_the_report_that_is_asked_for(faltung, place):  # noqa: F811
    for name, gain in (("a", 0.2), ("b", 3.0)):
        x, fs = sf.read("in.wav")
        sf.write(f"{name}.wav", np.clip(4 * gain * x, -1, 1), fs, subtype="PCM_16")
    (place / "c.wav").write_bytes(b"no audio at all, " * 10)
    (place / "echo.yaml").write_text(ECHO.replace("gain: -6 dB", "gain: 0.95") + "report: reports/run.html\n", "utf-8")
    done = faltung("run", "echo.yaml", "a.wav", "b.wav", "c.wav", "-o", "out/{stem}.wav")
    assert done.code == 1
    assert "report: reports/run.html" in done.err
    data = json.loads((place / "reports/run.json").read_text())
    assert [one["item"] for one in data["files"]] == ["b.wav", "a.wav", "c.wav"]
    b, a, c = data["files"]
    assert (a["status"], a["clipped"], b["status"], c["status"]) == ("done", 0, "done", "failed")
    assert b["clipped"] > 0
    assert isinstance(b["first_clip"]["frame"], int)
    assert (a["duration_in_s"], a["fs_in"], a["channels_in"], a["frames_in"]) == (0.125, 8000.0, 2, 1000)
    assert c["error"].startswith("is text, not WAV")
    assert c["seconds"] > 0
    y, _ = sf.read("out/a.wav")
    assert len(a["envelope"]) == -(-1080 // 32)
    loudest = np.abs(y).max()
    assert a["envelope"][3] == pytest.approx([127 * y[96:128].min() / loudest, 127 * y[96:128].max() / loudest], abs=1)

    hashed = hashlib.blake2b((place / "out/a.wav").read_bytes(), digest_size=20).hexdigest()
    written = (place / "out/a.wav").stat()
    known = {"bytes": written.st_size, "mtime_ns": written.st_mtime_ns, "blake2b": hashed}
    assert a["outputs"] == [{"path": "out/a.wav", **known}]
    assert data["run"]["seconds"] >= sum(one["seconds"] for one in data["files"])


def test_report_of_the_command_line_comes_first_and_skipped_files_are_in_it(faltung, place):  # noqa: F811
    (place / "echo.yaml").write_text(ECHO + "report: not-this.html\n", "utf-8")
    assert faltung("run", "echo.yaml", "-q", "--report", "r.html") == Done(0, "", "")
    assert faltung("run", "echo.yaml", "-q", "--report", "r.html", "--skip-existing") == Done(0, "", "")
    assert json.loads((place / "r.json").read_text())["totals"]["skipped"] == 1
    assert sorted(path.name for path in place.iterdir()) == ["echo.yaml", "in.wav", "out", "r.html", "r.json"]


def test_files_that_were_done_before_are_in_it_with_what_was_known_of_them(faltung, place):  # noqa: F811
    for name in "ab":
        (place / f"{name}.wav").write_bytes((place / "in.wav").read_bytes())
    (place / "c.wav").write_bytes(b"")
    arguments = ("run", "echo.yaml", "a.wav", "b.wav", "c.wav", "-o", "out/{stem}.wav", "-q", "--report", "r.html")
    faltung(*arguments[:-2])
    assert faltung(*arguments).code == 1
    assert [one["envelope"] for one in json.loads((place / "r.json").read_text())["files"]] == [None] * 3
    (place / "out/a.wav").unlink()
    faltung(*arguments)
    faltung(*arguments)
    data = json.loads((place / "r.json").read_text())
    states = {one["item"]: (one["status"], one["attempts"], one["envelope"] is None) for one in data["files"]}
    assert states == {
        "a.wav": ("unchanged", 1, False), "b.wav": ("unchanged", 1, True), "c.wav": ("failed", 4, True),
    }  # fmt: skip
    a = next(one for one in data["files"] if one["item"] == "a.wav")
    assert (a["outputs"][0]["path"], a["duration_in_s"]) == ("out/a.wav", 0.125)
    assert (data["totals"]["unchanged"], data["totals"]["duration_in_s"]) == (2, 0.25)
    faltung(*arguments, "--retry-failed")
    statuses = [one["status"] for one in json.loads((place / "r.json").read_text())["files"]]
    assert sorted(statuses) == ["failed", "unchanged", "unchanged"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--report", "r.txt"], "r.txt: a report is a page; let its name end in .html"),
        (["--report", "taken.html"], "taken.html: is another file, which the report would replace"),
        (["--report", "out/in.html", "-o", "out/{stem}.npy"], "out/in.json: would be both the sidecar of"),
        (["--report", "out/in.html", "-o", "out/{stem}.tsv"], "out/in.json: would be both the sidecar of"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_any_work(faltung, place, arguments, said):  # noqa: F811
    (place / "taken.html").write_text("<p>mine</p>")
    done = faltung("run", "echo.yaml", *arguments, "--overwrite")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (place / "out").exists()
    assert (place / "taken.html").read_text() == "<p>mine</p>"


def test_gathering_an_outline_changes_no_bit(place):  # noqa: F811
    from pipeline.dsp.envelope import Envelope

    job = Job.of(parse_config(ECHO).settings)
    run_job(job, "in.wav", "y.wav", hooks=Hooks(envelope_out=Envelope()))
    run_job(job, "in.wav", "z.wav")
    assert (place / "y.wav").read_bytes() == (place / "z.wav").read_bytes()


# The page in a browser


@pytest.fixture
def visit(browser):
    contexts = []

    def open_page(path, **options):
        context = browser.new_context(offline=True, **{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.asked = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def mixed(tmp_path):
    """Six files, one of which can be played, two with names that are out for trouble."""
    (tmp_path / "out").mkdir()
    sf.write(tmp_path / "out/b %3F#.wav", 0.1 * np.ones(4000), 8000, subtype="FLOAT")
    here = [{"path": str(tmp_path / "out/b %3F#.wav"), "bytes": 16_000}]
    records = [
        record("a.wav", peak=0.2, duration_in_s=90.0),
        record("b.wav", peak=0.9, duration_in_s=0.5, outputs=here),
        record(
            HOSTILE[0],
            clipped=5,
            first_clip=at(1),
            peak=1.5,
            duration_in_s=7.0,
            warnings=["a subtype changed"],
        ),
        record(HOSTILE[2], peak=0.01, duration_in_s=700.0),
        record("e.wav", "failed", error="is no WAV"),
        record("f.wav", "skipped"),
    ]
    write_report(tmp_path / "r.html", run_report(records, facts()))
    return tmp_path / "r.html"


def names(page):
    return page.evaluate(
        "[...document.querySelectorAll('tbody tr')].filter((r) => !r.hidden).map((r) => r.cells[0].innerText)"
    )


LOUDEST_FIRST = [HOSTILE[0], "b.wav", "a.wav", shown(HOSTILE[2]), "e.wav", "f.wav"]


def test_columns_sort_both_ways_with_what_is_unknown_last(visit, mixed):
    page = visit(mixed)
    assert names(page) == LOUDEST_FIRST
    page.focus("thead button >> text=duration")
    page.keyboard.press("Enter")
    assert names(page)[:4] == [shown(HOSTILE[2]), "a.wav", HOSTILE[0], "b.wav"]
    assert page.locator("th[aria-sort=descending]").inner_text() == "duration"
    page.keyboard.press("Enter")
    assert names(page) == ["b.wav", HOSTILE[0], "a.wav", shown(HOSTILE[2]), "e.wav", "f.wav"]
    page.click("thead button >> text=status")
    assert names(page)[-2:] == ["e.wav", "f.wav"]
    page.click("thead button >> text=file")
    assert names(page)[0] == HOSTILE[0]
    assert page.locator("th[aria-sort]").count() == 1
    assert page.complaints == []


def test_files_are_found_by_text_and_status(visit, mixed):
    page = visit(mixed)
    page.fill("#find", "SUBTYPE  changed")
    assert names(page) == [HOSTILE[0]]
    assert page.locator("#count").inner_text() == "1 of 6"
    page.fill("#find", "")
    page.select_option("#status", "failed")
    assert names(page) == ["e.wav"]
    page.press("#find", "Enter")
    assert page.url.endswith("r.html")
    page.select_option("#status", "")
    assert names(page) == LOUDEST_FIRST
    assert page.locator("#count").inner_text() == ""


def test_a_player_is_made_when_asked_for_and_plays_from_disk(visit, mixed):
    page = visit(mixed)
    assert page.locator("audio").count() == 0
    page.locator("tr", has_text="b.wav").locator(".play").press("Enter")
    until(page, "document.querySelector('audio').duration > 0")
    assert page.evaluate("document.querySelector('audio').duration") == 0.5
    assert page.evaluate("document.querySelector('audio').error") is None
    assert page.evaluate("document.activeElement.tagName") == "AUDIO"
    assert page.locator("audio").count() == 1
    assert all(url.startswith(("file:", "data:")) for url in page.asked)
    assert page.complaints == []


def test_without_a_script_it_is_a_plain_table(visit, mixed):
    page = visit(mixed, java_script_enabled=False)
    assert page.locator("tbody tr").count() == 6
    assert page.locator(".controls").is_hidden()
    assert page.locator(".play").first.is_hidden()
    assert page.locator("thead th").all_inner_texts()[:3] == ["file", "outline", "status"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_it_fits_the_window_and_axe_finds_nothing(visit, mixed, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit(mixed, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.locator(".play").first.click()
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []


def test_on_a_narrow_window_files_are_sorted_by_a_list(visit, mixed):
    page = visit(mixed, viewport={"width": 320, "height": 800})
    assert page.locator("thead").is_hidden()
    page.select_option("#by", label="duration")
    assert names(page)[0] == shown(HOSTILE[2])
    page.select_option("#by", label="most clipped, loudest")
    assert names(page) == LOUDEST_FIRST


def test_a_thousand_files_are_sorted_and_searched(visit, tmp_path):
    data = thousand(tmp_path)
    write_report(tmp_path / "r.html", data)
    page = visit(tmp_path / "r.html")
    assert page.locator("audio").count() == 0
    page.click("thead button >> text=peak dBFS")
    loudest = sorted((one for one in data["files"] if one["peak"]), key=lambda one: -one["peak"])
    assert names(page)[:300] == [one["item"] for one in loudest[:300]]
    page.fill("#find", "site-3 of_the_night")
    assert len(names(page)) == sum("site-3" in one["item"] for one in data["files"])
    assert page.complaints == []


def test_a_long_list_shows_its_first_rows_and_all_of_them_when_asked(visit, tmp_path):
    data = thousand(tmp_path)
    write_report(tmp_path / "r.html", data)
    page = visit(tmp_path / "r.html", viewport={"width": 820, "height": 900})
    seen = page.locator("tbody tr").filter(visible=True)
    assert seen.count() == 50
    assert page.evaluate("document.documentElement.scrollHeight") < 6000
    assert page.locator("#more").inner_text() == "Show all 1,000"
    assert "First what is likeliest to need a look: the most clipped" in page.locator(".order").inner_text()
    page.fill("#find", "site-3")
    found = sum("site-3" in one["item"] for one in data["files"])
    assert page.locator("#more").inner_text() == f"Show all {found}"
    page.fill("#find", "")
    page.emulate_media(media="print")
    assert page.locator("tbody tr").filter(visible=True).count() == 1000
    page.emulate_media(media="screen")
    page.focus("#more")
    page.keyboard.press("Enter")
    assert seen.count() == 1000
    assert page.locator("#more").is_hidden()
    assert page.evaluate("document.activeElement.closest('tr') === document.querySelectorAll('tbody tr')[50]")
    assert page.complaints == []
