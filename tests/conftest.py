"""What every test shares: Hypothesis without deadlines, for machines busy with other work; Ctrl-C; one browser."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from pipeline.system import usable_processors

settings.register_profile("short", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("long", deadline=None, derandomize=True, max_examples=500)
settings.load_profile("short")

# a shell has what it starts in the background ignore Ctrl-C and its like, and so would every process that a test starts
signal.signal(signal.SIGINT, signal.default_int_handler)
for _name in {"SIGQUIT", "SIGHUP", "SIGTERM"} & signal.Signals.__members__.keys():
    if signal.getsignal(signal.Signals[_name]) is signal.SIG_IGN:
        signal.signal(signal.Signals[_name], signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A command that ended in this process hears no more Ctrl-C; what the next test starts would hear none either."""
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """The processors that this process may use, and no more of them than there is work for."""
    return min(usable_processors(), 8)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what takes longest, of which many share what takes seconds to make: it is made in one process alone.

    Side by side, the first process begins with the first half, the second with the second, and who has nothing left
    takes from the end of what another has.
    """
    first = ("tests/explain/", "tests/batch/", "tests/cli/")
    items.sort(key=lambda item: next((i for i, part in enumerate(first) if item.nodeid.startswith(part)), len(first)))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
