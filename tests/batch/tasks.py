"""Functions for workers to run, which find them by name."""

from __future__ import annotations

import faulthandler
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.system import FolderSync


def square(x: int) -> int:
    time.sleep(0.02)
    return x * x


def killed_by(x: int, poison: int) -> int:
    if x == poison:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return x


def stopped_by(x: int, poison: int) -> int:
    if x == poison:
        os.kill(os.getpid(), signal.SIGSTOP)
    return x


def terminated() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def ends_by(number: int) -> None:
    """Its process gets a signal, which is nobody's to tell of."""
    faulthandler.disable()
    os.kill(os.getpid(), number)


def ends_with(code: int) -> None:
    os._exit(code)


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def process_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def parent_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getppid()


def echoed(text: str) -> str:
    return text


def unsendable() -> Any:
    return lambda: None


class Unreadable:
    def __reduce__(self) -> Any:
        return fail, ("unreadable",)


def fail_unreadably() -> None:
    raise ValueError(Unreadable())


def fail(text: str) -> None:
    raise ValueError(text)


def process_facts(_: int) -> tuple[int, bool, list[str]]:
    """Number of the process, whether it hears Ctrl-C, and the slow libraries that it has imported."""
    import sys

    slow = sorted({"rich", "typer", "matplotlib", "jinja2", "scipy.signal"} & set(sys.modules))
    return os.getpid(), signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ()), slow


def dies_once(mark: str, call: Callable[[], Any]) -> Any:
    """Do a call; the first of all, whose worker leaves the mark, is killed in the midst of what it writes."""
    from faltung_cluster import shards

    write = shards.write_all

    def write_half(fd: int, data: memoryview) -> int:
        write(fd, data.cast("B")[: data.nbytes // 2])
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return call()
    shards.write_all = write_half
    return call()


def third_attempt(folder: str) -> int:
    """Fail but the third time; each attempt leaves a file in the folder."""
    Path(folder, f"{os.getpid()}-{time.time_ns()}").touch(exist_ok=False)
    attempts = len(list(Path(folder).iterdir()))
    if attempts < 3:
        raise ImportError("a library that is not there yet")
    return attempts


class Begun:
    """A call that is begun; ``end`` is what its commit does."""

    def __init__(self, end: Callable[[FolderSync], Any]) -> None:
        self.commit = end


def in_two_steps(folder: str, number: int, fails_at: int = 0) -> Begun:
    """Commits to how many were begun when it is committed."""

    def step(at: int) -> None:
        if at == fails_at:
            raise ValueError(f"step {at}")
        Path(folder, f"{number} {at}").touch()

    def end(_: FolderSync) -> int:
        step(2)
        return len(list(Path(folder).glob("* 1")))

    step(1)
    return Begun(end)


def sleeps_in_its_commit(seconds: float) -> Begun:
    return Begun(lambda _: time.sleep(seconds))


def handled(number: int) -> Any:
    return signal.getsignal(number)


def held_back(number: int) -> bool:
    return number in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def has_loaded(module: str) -> bool:
    return module in sys.modules


def read_input() -> bytes:
    return os.read(0, 100)


def deaf(seconds: float) -> None:
    """Close all that is open, the pipe to the command among it, and go on."""
    os.closerange(3, 1024)
    time.sleep(seconds)


def dies_in_company(folder: str, number: int, seconds: float) -> int:
    """As if there were memory for one such task at a time, but all have begun when the first of them dies."""
    mark = Path(folder, str(number))
    mark.touch()
    time.sleep(seconds)
    if len(list(Path(folder).iterdir())) > 1:
        time.sleep(seconds)  # the others see the mark, too
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    mark.unlink()
    return number


def in_company(folder: str, number: int, seconds: float) -> int:
    mark = Path(folder, f"other-{number}")
    mark.touch()
    time.sleep(seconds)
    mark.unlink()
    return number


_synced = [0, 0]
"""Files and folders that this process has waited for."""


def writes(path: str) -> Begun:
    """Write a file; commits to how many files and folders have been waited for so far."""
    from pipeline.io import sink

    def fsync(fd: int) -> None:
        _synced[stat.S_ISDIR(os.fstat(fd).st_mode)] += 1

    def end(folders: FolderSync) -> tuple[int, int]:
        file.commit(folders)
        return _synced[0], _synced[1]

    os.fsync = fsync
    file = sink.AtomicFile(path)
    file.write(b"x")
    return Begun(end)


def marked(path: str, seconds: float) -> None:
    Path(path).touch(exist_ok=False)
    time.sleep(seconds)


def variable(name: str) -> str | None:
    return os.environ.get(name)
