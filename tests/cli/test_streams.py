"""Streams, signals and exit codes, in processes of their own: what shells and pipelines rely on."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from .conftest import PATIENCE, command, environment, start, write_noise


def wait_for(path: Path, pattern: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not list(path.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} in {path}"
        time.sleep(0.01)


@contextmanager
def half_fed(place: Path) -> Iterator[tuple[subprocess.Popen[bytes], bytes]]:
    """A run that has got half of its input by a pipe and waits for the other half."""
    write_noise(place / "in.wav", frames=10_000)
    data = (place / "in.wav").read_bytes()
    with start("run", "echo.yaml", "-", "-o", "o.wav") as process:
        try:
            assert process.stdin is not None
            process.stdin.write(data[: len(data) // 2])
            process.stdin.flush()
            wait_for(place, ".*.part")
            yield process, data[len(data) // 2 :]
        finally:
            process.kill()


def test_sigterm_ends_with_143_and_leaves_nothing(place: Path) -> None:
    with half_fed(place) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (143, b"", b"")
    assert sorted(path.name for path in place.iterdir()) == ["echo.yaml", "in.wav"]


def test_the_first_ctrl_c_lets_the_file_finish_and_ends_with_130(place: Path) -> None:
    with half_fed(place) as (process, rest):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(rest, timeout=PATIENCE)
    assert process.returncode == 130
    assert out.startswith(b"written          o.wav")
    assert err == b"finishing this file; Ctrl-C again stops at once\n"
    assert len(sf.read("o.wav")[0]) == 10_080


def test_the_second_ctrl_c_stops_at_once_and_leaves_nothing(place: Path) -> None:
    with half_fed(place) as (process, _):
        last = time.monotonic() + PATIENCE
        while process.poll() is None:  # two that come while the process is not running are one to it
            assert time.monotonic() < last
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
    assert sorted(path.name for path in place.iterdir()) == ["echo.yaml", "in.wav"]


def test_standard_output_carries_audio_and_nothing_else(place: Path) -> None:
    process = start("run", "echo.yaml", "-", "-o", "-")
    out, err = process.communicate((place / "in.wav").read_bytes(), timeout=PATIENCE)
    assert process.returncode == 0
    assert out[:4] == b"RIFF"
    assert err.decode().splitlines()[0].split() == ["written", "standard", "output"]
    subprocess.run(command("run", "echo.yaml", "-q", "-o", "file.wav"), check=True, env=environment())
    assert out[-1080 * 4 :] == (place / "file.wav").read_bytes()[-1080 * 4 :]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="pipes into ffmpeg")
def test_ffmpeg_reads_what_is_piped_into_it(place: Path) -> None:
    decode = ["ffmpeg", "-v", "fatal", "-i", "-", "-f", "s16le", "-"]
    with start("run", "echo.yaml", "-q", "-o", "-") as first:
        second = subprocess.run(decode, stdin=first.stdout, capture_output=True, check=True)
        assert first.wait(timeout=PATIENCE) == 0
    subprocess.run(command("run", "echo.yaml", "-q", "-o", "file.wav"), check=True, env=environment())
    expected = (sf.read("file.wav", dtype="int16")[0]).astype("<i2").tobytes()
    assert second.stdout == expected


@pytest.mark.parametrize("args", [("stages",), ("run", "echo.yaml", "-o", "-")])
def test_a_reader_that_goes_away_is_141_without_a_word(args: tuple[str, ...], place: Path) -> None:
    write_noise(place / "in.wav", frames=200_000)
    with start(*args) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (141, b"")


def test_a_standard_output_closed_from_the_beginning_is_141_and_no_file_gets_the_words(place: Path) -> None:
    line = " ".join(command("run", "echo.yaml", "-o", "o.wav")) + " >&-"
    done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (141, b"")
    assert len(sf.read("o.wav")[0]) == 1080


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_exit_3(place: Path) -> None:
    process = start("run", "echo.yaml", "-o", "/dev/full")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (3, b"", b"faltung: /dev/full: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("schema",), ("info", "in.wav"), ("stages", "--json")])
def test_a_standard_output_on_a_full_disk_is_named(words: tuple[str, ...], place: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command(*words), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (3, b"faltung: standard output: No space left on device\n")


@pytest.mark.parametrize("after", [1, 60])
def test_a_full_disk_ends_the_run_and_says_how_to_go_on(place: Path, after: int) -> None:
    """No file is begun behind it, also where a worker was given several at once."""
    (place / "a.wav").write_bytes((place / "in.wav").read_bytes())
    write_noise(place / "b.wav", frames=20_000)
    (place / "later").mkdir()
    later = [f"later/{number}.wav" for number in range(after)]
    for name in later:
        (place / name).write_bytes((place / "in.wav").read_bytes())
    limit = "ulimit -f 100; "  # blocks of 512 or 1024 bytes; the output of b takes 160 kB
    line = limit + " ".join(command("run", "echo.yaml", "a.wav", "b.wav", *later, "-s", "format.subtype=DOUBLE"))
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 3
    assert sorted(path.name for path in (place / "out").glob("*.wav*")) == ["a-echo.wav"]
    assert not list((place / "out").glob(".*.part"))
    assert "No space left on device" in done.stderr
    left = "1 file" if after == 1 else f"{after} files"
    assert done.stderr.endswith(f"{left} not begun; the same command goes on from here\n")


def test_an_error_nobody_foresaw_keeps_its_traceback(place: Path) -> None:
    (place / "sitecustomize.py").write_text(
        "import pipeline.config.load as load\n"
        "def fail(*a, **k): raise RuntimeError('a bug')\n"
        "load.load_config = fail\n",
        "utf-8",
    )
    path = f"{place}{os.pathsep}{environment()['PYTHONPATH']}"
    process = start("run", "echo.yaml", env=environment(PYTHONPATH=path))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err.startswith(b"Traceback")
    assert err.rstrip().endswith(b"RuntimeError: a bug")


def on_a_terminal(*args: str, **more: str) -> tuple[int, str]:
    """Exit code and output of a command whose standard streams are a terminal of 80 columns."""
    main, side = pty.openpty()
    env = environment(COLUMNS="80", TERM="xterm-256color", **more)
    process = subprocess.Popen(command(*args), stdin=side, stdout=side, stderr=side, env=env)
    os.close(side)
    text = b""
    try:
        while part := os.read(main, 1 << 16):
            text += part
    except OSError:  # the terminal's other side is closed
        pass
    os.close(main)
    return process.wait(timeout=PATIENCE), text.decode()


def test_a_terminal_gets_a_bar(place: Path) -> None:
    code, text = on_a_terminal("run", "echo.yaml")
    assert code == 0
    assert "\x1b[" in text
    assert "x realtime" in text
    assert "in.wav" in text


def test_a_search_on_a_terminal_gets_a_bar(place: Path) -> None:
    for quiet in ((), ("-q",)):
        code, text = on_a_terminal("match", "in.wav", "--template", "0:0.01", *quiet)
        assert code == 0
        assert ("x realtime" in text) == (not quiet)


@pytest.mark.parametrize("args", [("plan", "echo.yaml"), ("stages", "echo"), ("stages",), ("doctor",)])
def test_no_line_is_wider_than_the_terminal(args: tuple[str, ...], place: Path) -> None:
    code, text = on_a_terminal(*args)
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 80


def test_no_color_leaves_no_colour_on_a_terminal(place: Path) -> None:
    code, text = on_a_terminal("plan", "echo.yaml", NO_COLOR="1")
    colours = [f"\x1b[{n}" for n in (*range(30, 38), 90)]
    assert code == 0
    assert not any(colour in text for colour in colours)


@pytest.mark.parametrize("args", [("plan", "echo.yaml"), ("run", "echo.yaml")])
def test_what_is_piped_has_no_escape_codes(args: tuple[str, ...], place: Path) -> None:
    out, err = start(*args).communicate(timeout=PATIENCE)
    assert b"\x1b" not in out + err
    assert all(line == line.rstrip() for line in out.decode().splitlines())


def test_audio_is_not_poured_on_a_terminal(place: Path) -> None:
    code, text = on_a_terminal("run", "echo.yaml", "-o", "-")
    assert code == 2
    assert text.strip() == "faltung: standard output is a terminal, which plays no audio; pipe it: ... -o - | aplay"
    assert np.size(list(place.glob("out"))) == 0
