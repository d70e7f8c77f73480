"""Runs one command and prints what the kernel says it cost: ``launch.py ERRORS COMMAND ...``.

It is a process of its own, and imports next to nothing, because Linux hands the peak memory of a process on to the
children it starts: from a process that holds numpy, a program of 12 MB would seem to take 40. Processes that the
command leaves to themselves, such as the one that its workers are copies of, become children of this one, and count.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from resource import RUSAGE_CHILDREN, getrusage

_ADOPT = 36  # PR_SET_CHILD_SUBREAPER, of prctl, in linux/prctl.h


def _wait_for_all() -> None:
    """Wait for what was adopted, so that the kernel adds up what it cost."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


if __name__ == "__main__":
    errors, *command = sys.argv[1:]
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, errors, write, 0o600),
    ]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT, 1)
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status = os.waitpid(child, 0)
    wall = time.perf_counter() - began
    _wait_for_all()
    usage = getrusage(RUSAGE_CHILDREN)
    print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss)
