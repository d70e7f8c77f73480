"""One explanation of the worked example and one of a configuration, made once, and how to open them in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faltung_explain import explain as module
from faltung_explain.explain import Explained, explain_example, explain_stage

from pipeline.config.load import load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Explained:
    """The worked example, as ``faltung explain`` writes it."""
    return explain_example(tmp_path_factory.mktemp("worked"))


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Explained:
    """The worked example with its film, which takes seconds."""
    return explain_example(tmp_path_factory.mktemp("filmed"), film=True)


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Explained:
    """The drums through the echo of the gallery; page, sounds and numbers, without the pictures."""
    loaded = load_config(ROOT / "configs" / "echo.yaml")
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        return explain_stage(loaded, ROOT / "data" / "drums.wav", tmp_path_factory.mktemp("echo"))


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Pictures take seconds; where they are not what is looked at, they are left out."""
    patch.setattr(module, "images", lambda shots, example: [None] * len(shots))
    for name in ("gif_bytes", "contact_bytes", "png_bytes", "figure"):
        patch.setattr(module, name, lambda *_: b"picture")
    patch.setattr(module, "film_bytes", lambda *_: None)
    patch.setattr("faltung_explain.claims.figures.figure_svg", lambda result: b"<?xml")


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page from disk, with the network off; what it asked for and complained of is kept beside it."""
    contexts = []

    def open_page(explained: Explained, **options: Any) -> Any:
        context = browser.new_context(offline=True, **{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((explained.folder / "index.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
