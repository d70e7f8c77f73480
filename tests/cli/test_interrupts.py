"""A signal ends the command by its own code, whatever a library makes of the exception that it raised."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """\
import os, sys
from pipeline.cli import main
from pipeline.runs import workers as work

real = work.configuration_text

def hit(*args):
    try:
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass
    except BaseException:
        {then}
    return real(*args)

work.configuration_text = hit
sys.exit(main(["run", "echo.yaml", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("then", ["raise ValueError('made of it')", "pass"], ids=["made another", "lost"])
def test_a_signal_while_a_library_is_at_work_ends_the_command(
    place: Path, number: signal.Signals, code: int, then: str
) -> None:
    script = CODE.format(number=int(number), then=then)
    done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    assert not list(place.glob("out/**/*.wav"))


def test_ctrl_c_that_is_ignored_stays_ignored(place: Path) -> None:
    line = [sys.executable, "-c", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + CODE.format(
        number=int(signal.SIGINT), then="raise")]  # fmt: skip
    done = subprocess.run([*line, "-q"], cwd=place, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("hit", "code"), [(True, 143), (False, 0)], ids=["after a signal", "at the end"])
def test_the_interpreter_is_not_taken_down(hit: bool, code: int, place: Path) -> None:
    """What was being loaded may not survive that, and it takes time; what was to be tidied at the end is."""
    script = CODE.replace('main(["run", "echo.yaml", *sys.argv[1:]])', "main()")
    script = script.format(number=int(signal.SIGTERM), then="raise")
    script = script if hit else script.replace("work.configuration_text = hit", "")
    held = (
        "import atexit, sys\n"
        "class Held:\n    def __del__(self, write=sys.stderr.write): write('taken down')\n"
        "sys.modules['held'] = Held()\n"
        "from pipeline.cli import process\nwas = process._invoke\n"
        "process._invoke = lambda args: (atexit.register(sys.stderr.write, 'tidied '), was(args))[1]\n"
    )
    line = [sys.executable, "-c", held + script, "run", "echo.yaml", "-q"]
    done = subprocess.run(line, cwd=place, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (code, "tidied ")


def test_what_a_plugin_has_left_open_is_written_at_the_end(place: Path) -> None:
    (place / "log.py").write_text(
        "import sys\nlog = open('log.txt', 'w')\nlog.write('all of it')\nsys.modules['kept'] = log\n"
    )
    script = "import sys\nfrom pipeline.cli import main\nsys.exit(main())"
    line = [sys.executable, "-c", script, "--plugin", "log.py", "run", "echo.yaml", "-q"]
    done = subprocess.run(line, cwd=place, capture_output=True, text=True, timeout=300)
    assert (done.returncode, (place / "log.txt").read_text()) == (0, "all of it"), done.stderr
