"""Runs one command and prints what the kernel says it cost: ``launch.py ERRORS COMMAND ...``.

It is a process of its own, and imports next to nothing, because Linux hands the peak memory of a process on to the
children it starts: from a process that holds numpy, a program of 12 MB would seem to take 40.
"""

from __future__ import annotations

import os
import sys
import time

if __name__ == "__main__":
    errors, *command = sys.argv[1:]
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, errors, write, 0o600),
    ]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - began
    print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss)
