"""The pages of docs/ do what they say: every snippet and command runs, and every link of the site leads somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from docs import stages
from pipeline.config.load import validate_config
from pipeline.config.yaml_text import read_yaml

from .cli.conftest import environment

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.stem for path in DOCS.glob("*.md"))
RUN_ELSEWHERE = {"matching", "batch", "measuring"}  # tests/test_readme.py
BLOCK = re.compile(r"^```(\w+)(?: title=\"([\w.]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LIBRARIES = {
    "library": ("pandas", "xarray", "polars", "pyarrow"),
    "compare": ("pandas",),
    "tutorial": ("pip", "pytest"),
    "plugins": ("pip", "pytest"),
}
OPTIONAL = ("torch", "jax")  # too large to be installed for a test: a test of its own says so where they are not
NOT_RUN = {("benchmarks", "sh"), ("metadata", "text")}  # minutes to hours each; a line that a run prints


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Language, title and text of each block of code, in their order."""
    return BLOCK.findall((DOCS / f"{page}.md").read_text("utf-8"))


def clone(folder: Path) -> Path:
    for name in ("data", "configs"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "out").mkdir()
    return folder


def runs(page: str) -> bool:
    return any(kind in ("python", "console") for kind, _, _ in blocks(page))


@pytest.mark.parametrize("page", [page for page in PAGES if page not in RUN_ELSEWHERE and runs(page)])
def test_what_stands_on_a_page_runs_in_its_order(page, tmp_path):
    for library in LIBRARIES.get(page, ()):
        pytest.importorskip(library, reason=f"{library} is not installed")
    place, site = clone(tmp_path / "clone"), tmp_path / "site"
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    env = {**environment(), "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    python = []
    for kind, title, text in blocks(page):
        if title:
            (place / title).write_text(text, "utf-8")
        elif kind == "python" and not wanting(text):
            python.append(text)
        elif kind == "console":
            for line, shown in commands(text):
                done = subprocess.run(argv(line, site), cwd=place, env=env, capture_output=True, text=True)
                printed = lines_of(done.stdout + done.stderr)
                assert done.returncode == (2 if "did you mean" in shown else 0), f"{line}\n{printed}"
                assert re.search(said(shown), printed, re.DOTALL), f"{line}\n{printed}"
    (place / "page.py").write_text("\n".join(python), "utf-8")
    done = subprocess.run([sys.executable, "page.py"], cwd=place, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a block, and what the page shows of what it prints."""
    assert text.startswith("$ "), text
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(line, lines_of(shown)) for line, _, shown in (part.partition("\n") for part in parts)]


def lines_of(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def said(shown: str) -> str:
    """Lines that are shown, as a pattern, whole; ``...`` stands for anything."""
    return "^" + re.escape(shown).replace(re.escape("..."), ".*") + "$" if shown else ""


def test_what_a_page_shows_is_held_against_what_is_printed():
    ((line, shown),) = commands("$ faltung x\n10 s, ...\n...\nend\n")
    assert (line, bool(re.search(said(shown), "10 s, 3\nmore\nend", re.DOTALL))) == ("faltung x", True)
    for wrong in ("9 s, 3\nmore\nend", "10 s, 3\nmore\nends", "10 s, 3\nmore"):
        assert not re.search(said(shown), wrong, re.DOTALL)


def wanting(text: str) -> set[str]:
    """Libraries of `OPTIONAL` that a block imports and that are not installed."""
    return {name for name in OPTIONAL if re.search(rf"^import {name}\b", text, re.MULTILINE) and not find_spec(name)}


@pytest.mark.parametrize("library", OPTIONAL)
def test_the_tasks_of_a_large_library_run_where_it_is_installed(library):
    pytest.importorskip(library, reason=f"{library} is not installed")
    python = [text for kind, _, text in blocks("library") if kind == "python"]
    chosen = [text for text in python if re.search(rf"^import {library}\b", text, re.MULTILINE)]
    assert chosen
    exec(compile("\n".join([python[0], *chosen]), "library.md", "exec"), {})


def argv(line: str, site: Path) -> list[str]:
    """Words of a command; what pip installs goes to a folder of its own, and nothing is fetched."""
    words = shlex.split(line)
    if words[:4] == ["python", "-m", "pip", "install"]:
        words[4:4] = ["--no-deps", "--no-index", "--quiet", "--target", str(site)]
    return [sys.executable if word == "python" else word for word in words]


def test_no_block_of_code_is_left_out():
    """Of each page all is seen: a block without a language, or in one that no test knows, would run nowhere."""
    for page in PAGES:
        fences = re.findall(r"^ *```(.*)$", (DOCS / f"{page}.md").read_text("utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks(page)), page
        kinds = {(page, kind) for kind, _, _ in blocks(page) if kind not in ("python", "console", "yaml")}
        assert kinds <= NOT_RUN


def test_the_settings_of_the_page_on_tables_hold():
    (written,) = (read_yaml(text).data for kind, _, text in blocks("tables") if kind == "yaml")
    given = {"version": 1, "input": "a.csv", "output": "b.csv", "stages": [{"use": "gain", "gain": 1}], **written}
    assert validate_config(given).settings.table.zone == "Europe/Berlin"


def test_every_configuration_holds():
    found = [(page, text) for page in PAGES for kind, _, text in blocks(page) if kind == "yaml" and "version:" in text]
    assert len(found) >= 3
    for page, text in found:
        assert validate_config(read_yaml(text).data, ROOT / page) is not None


def test_the_page_of_the_stages_is_what_they_say(capsys, monkeypatch, tmp_path):
    assert stages.main(["--check"]) == 0
    monkeypatch.setattr(stages, "PAGE", tmp_path / "stages.md")
    assert stages.main(["--check"]) == 1
    assert "run: make generate" in capsys.readouterr().err
    assert (stages.main([]), stages.main(["--check"])) == (0, 0)


def test_every_page_is_in_the_navigation():
    listed = re.findall(r": ([\w-]+)\.md$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == PAGES


class _Page(HTMLParser):
    """Where a page leads, and what in it can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names.add(given.get("id") or "")
        self.links += [value for name in ("href", "src") if (value := given.get(name)) and tag != "link"]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    call = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(call, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_link_of_the_site_leads_somewhere(site):
    pages = {path: _Page(path.read_text("utf-8")) for path in site.glob("*.html")}
    assert {f"{page}.html" for page in PAGES} <= {path.name for path in pages}
    broken, followed = [], 0
    for path, page in pages.items():
        for link in page.links if path.name != "404.html" else ():
            url = urlsplit(link)
            if url.scheme or link.startswith("//"):
                continue
            there = path if not url.path else (path.parent / unquote(url.path)).resolve()
            there = there / "index.html" if there.is_dir() else there
            followed += 1
            if not there.is_file() or (url.fragment and there in pages and url.fragment not in pages[there].names):
                broken.append(f"{path.name}: {link}")
    assert (broken, followed > 200) == ([], True)


def test_the_site_fetches_nothing_from_elsewhere(site):
    for path in site.glob("*.html"):
        loaded = r"<(?:script|img|link|iframe)[^>]*(?:src|href)=\"?(https?:[^\" >]+)"
        assert re.findall(loaded, path.read_text("utf-8")) == [], path.name


def test_the_search_finds_and_what_is_copied_runs_in_a_site_opened_from_disk(site, browser):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((site / "tutorial.html").as_uri())
    page.locator(".language-console button").nth(1).click()
    search = page.locator(".md-search__input")
    search.click()
    page.keyboard.press("Control+V")
    assert search.input_value() == "faltung stages faltung stages echo"  # no prompt
    search.fill("")
    page.keyboard.type("polars")
    page.wait_for_selector(".md-search-result__item h1")
    assert "The library, by task" in page.locator(".md-search-result__item h1").all_inner_texts()
    page.close()


def test_a_page_begins_with_its_title_and_the_atlas_has_its_pictures(site):
    for name in PAGES:
        page = (site / f"{name}.html").read_text("utf-8")
        assert re.search(r"<article[^>]*>\s*(?:<!--.*?-->\s*)?<h1", page, re.DOTALL), name
        described = re.search(r'<meta name="description" content="([^"]*)"', page)
        assert described, name
        assert (DOCS / f"{name}.md").read_text("utf-8").replace("\n", " ").startswith(described[1][:20]), name
    assert (site / "atlas-pictures.html").read_text("utf-8") == (DOCS / "atlas.html").read_text("utf-8")
    assert 'href="atlas-pictures.html"' in (site / "atlas.html").read_text("utf-8")


def test_the_site_fits_a_wide_window_and_a_phone(site, browser):
    for width, height in ((1440, 900), (360, 800)):
        page = browser.new_page(viewport={"width": width, "height": height})
        errors: list[str] = []
        page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
        for name in PAGES:
            page.goto((site / f"{name}.html").as_uri())
            page.wait_for_selector("h1")
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (name, wider, errors) == (name, 0, [])
        page.close()
