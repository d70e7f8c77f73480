"""Ctrl-C, SIGTERM, SIGHUP and SIGQUIT at random moments of every command, from the first millisecond on.

``python -m tests.soak.endings`` tries 100. Each ends by its code, 130, 143, 129 or 131, without a traceback, and
leaves no name that is neither an output nor was there; or it was over before, or its interpreter not there yet.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.soak.commands import COMMANDS, prepare, start, tree
from tests.soak.common import main

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGQUIT: 131}
TRIED = ("run", "match", "explain", "plan", "measure")
LONGEST_S = 60


def trial(folder: Path, rng: random.Random, tries: int) -> Counter[str]:
    """How often each command ended by which code."""
    prepare(folder)
    before = tree(folder)
    whole, takes_s = {}, {}
    for name in TRIED:
        (folder / "out").mkdir()
        began = time.monotonic()
        assert start(folder, _line(name)).wait(300) == 0, name
        takes_s[name], whole[name] = time.monotonic() - began, tree(folder).keys() - before.keys()
        shutil.rmtree(folder / "out", ignore_errors=True)
    found: Counter[str] = Counter()
    for number in range(tries):
        name, by = TRIED[number % len(TRIED)], list(CODES)[number // len(TRIED) % len(CODES)]
        after_s = rng.uniform(0, 1.1 * takes_s[name]) if rng.random() < 0.75 else rng.uniform(0, 0.1)
        (folder / "out").mkdir()
        process = start(folder, _line(name), stderr=subprocess.PIPE, preexec_fn=_like_a_terminal)
        time.sleep(after_s)
        process.send_signal(by)
        said = process.communicate(timeout=LONGEST_S)[1].decode()
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        at = f"{name}, {by.name} after {1000 * after_s:.0f} ms: exit {code}: {said}"
        early = "Traceback" in said and "/pipeline/" not in said  # the interpreter itself was still being loaded
        assert early or code in (0, CODES[by]), at
        assert early or "Traceback" not in said, at
        now = tree(folder)
        assert {path: now.get(path) for path in before} == before, at
        assert now.keys() - before.keys() <= whole[name], f"{now.keys() - before.keys() - whole[name]} left; {at}"
        assert code or early or now.keys() - before.keys() == whole[name], at
        found[f"{name} {by.name}: " + ("the interpreter was not there yet" if early else f"exit {code}")] += 1
        shutil.rmtree(folder / "out", ignore_errors=True)
    return found


def _line(name: str) -> str:
    return COMMANDS[name].replace("OUT", "out")


def _like_a_terminal() -> None:
    """A shell has what it starts in the background ignore Ctrl-C; and SIGQUIT leaves no image of the memory."""
    for number in CODES:
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _shown(folder: Path, rng: random.Random, tries: int) -> None:
    for what, count in sorted(trial(folder, rng, tries).items()):
        print(f"{count:4}  {what}")


if __name__ == "__main__":
    main(_shown, tries=100)
