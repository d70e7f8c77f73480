"""Files as other programs write them, to a disk and to a pipe, read here and by two other decoders.

``python -m tests.soak.encoders`` makes some 500 with ffmpeg, sox, lame, twolame, flac, opusenc and oggenc, as many as
are installed, reads each from the disk and through a pipe, and holds it to what ffmpeg and soundfile make of it.
"""

import argparse
import itertools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from pipeline.errors import FaltungError
from pipeline.io import OutputFormat, open_reader
from tests.io.helpers import noise, piped, save

# ruff: noqa: C901 - a list of commands
SIGNALS = {  # name of the input: rate, channels, frames
    "a": (44100, 2, 30_001),
    "b": (8000, 1, 20_000),
    "c": (48000, 1, 50_003),
    "d": (48000, 2, 1),
}
FF = "ffmpeg -nostdin -v error -y -i in.wav"


def _both(command: str, kind: str) -> list[str]:
    """A command of ffmpeg that writes a file, and the same into a pipe."""
    return [f"{command} -f {kind} out", f"{command} -f {kind} - | cat > out"]


def recipes() -> list[str]:
    """Shell commands that make ``out`` from ``in.wav``."""
    found: list[str] = []
    for codec in ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"):
        found += _both(f"{FF} -c:a {codec}", "wav") + _both(f"{FF} -c:a {codec}", "w64")
    for codec in ("adpcm_ima_wav", "adpcm_ms", "libmp3lame", "mp2"):
        found += _both(f"{FF} -c:a {codec}", "wav")
    found += _both(f"{FF} -rf64 always", "wav") + _both(f"{FF} -rf64 auto -c:a pcm_s24le", "wav")
    for codec in ("pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "pcm_mulaw", "pcm_s16le"):
        found += _both(f"{FF} -c:a {codec}", "aiff") + _both(f"{FF} -c:a {codec}", "caf")
        if codec != "pcm_s16le":
            found += _both(f"{FF} -c:a {codec}", "au")
    for options in ("", "-sample_fmt s32 -strict -2"):
        found += _both(f"{FF} {options}", "flac") + _both(f"{FF} {options} -c:a flac", "ogg")
    found += _both(f"{FF} -c:a alac", "caf")
    for options in (
        "-b:a 128k",
        "-q:a 4",
        "-b:a 64k -write_xing 0",
        "-q:a 4 -write_xing 0",
        "-q:a 0 -id3v2_version 3 -write_id3v1 1 -metadata title=x",
    ):
        found += _both(f"{FF} {options}", "mp3")
    found += _both(FF, "mp2") + _both(f"{FF} -c:a libvorbis", "ogg") + _both(f"{FF} -c:a libopus -ar 48000", "ogg")
    for bits, kind in itertools.product((8, 16, 24, 32), ("wav", "aiff", "au", "w64", "caf", "sph")):
        found += [f"sox -D -V1 in.wav -b {bits} -t {kind} out", f"sox -D -V1 in.wav -b {bits} -t {kind} - | cat > out"]
    for coding, kind in itertools.product(("mu-law", "a-law", "floating-point -b 32"), ("wav", "au", "sph")):
        found += [
            f"sox -D -V1 in.wav -e {coding} -t {kind} out",
            f"sox -D -V1 in.wav -e {coding} -t {kind} - | cat > out",
        ]
    found += [
        "sox -D -V1 -t wav - -t wav - < in.wav | cat > out",
        "sox -V1 in.wav -e ima-adpcm out.wav; mv out.wav out",
        "sox -V1 in.wav -e gsm-full-rate -c 1 -r 8000 out.wav; mv out.wav out",
        "sox -V1 in.wav -B out.wav; mv out.wav out",
    ]
    for options in (
        "-b 128",
        "-V 4",
        "--abr 100",
        "-t -b 64",
        "-t -V 4",
        "-t --abr 90",
        "-t -V 9 -m m",
        "--resample 16 -t",
        "--freeformat -b 200",
        "-p -t",
    ):
        found.append(f"lame --quiet {options} in.wav out")
        found.append(f"lame --quiet {options} - - < in.wav | cat > out")
    found += [
        "lame --quiet in.wav x.mp3; lame --quiet --decode x.mp3 - | cat > out",
        "lame --quiet -t -V 4 in.wav x.mp3; cat x.mp3 x.mp3 > out",
        "lame --quiet in.wav x.mp3; cat x.mp3 x.mp3 > out",
        "lame --quiet --tt t --id3v2-only in.wav x.mp3; cat x.mp3 x.mp3 x.mp3 > out",
        "lame --quiet --tt t --id3v1-only -t in.wav x.mp3; cat x.mp3 x.mp3 > out",
    ]
    found += [
        "twolame --quiet in.wav out",
        "twolame --quiet -b 192 in.wav out",
        "twolame --quiet -V 5 in.wav out",
        "twolame --quiet -p in.wav out",
    ]
    for options in ("-0", "-8", "-5 --lax -b 1000", "--ogg", "--ogg -b 300"):
        found += [f"flac -s -f {options} -o out in.wav", f"flac -s {options} -c in.wav | cat > out"]
    found += [
        "flac -s -c - < in.wav | cat > out",
        "flac -s -f -o x.flac in.wav; cat x.flac x.flac > out",
        "flac -s -f -c - < in.wav | flac -s -d -c - | cat > out",
        "flac -s --ogg -c in.wav > x; cat x x > out",
        "flac -s -f -o x.flac in.wav; flac -s -d -f --force-aiff-format -c x.flac | cat > out",
        "flac -s -f -o x.flac in.wav; flac -s -d --force-wave64-format -c x.flac | cat > out",
        "flac -s -f -o x.flac in.wav; flac -s -d --force-rf64-format -c x.flac | cat > out",
    ]
    for options in ("--bitrate 64", "--hard-cbr", "--framesize 60", "--max-delay 1000"):
        found += [f"opusenc --quiet {options} in.wav out", f"opusenc --quiet {options} - - < in.wav | cat > out"]
    found += [
        "opusenc --quiet in.wav x.opus; cat x.opus x.opus > out",
        "opusenc --quiet in.wav x.opus; opusdec --quiet --force-wav x.opus - | cat > out",
    ]
    for options in ("-q 0", "-q 9", "-b 96 --managed"):
        found += [f"oggenc -Q {options} -o out in.wav", f"oggenc -Q {options} - < in.wav | cat > out"]
    found += [
        "oggenc -Q -o x.ogg in.wav; cat x.ogg x.ogg > out",
        "oggenc -Q -o x.ogg in.wav; oggdec -Q -o - x.ogg | cat > out",
        "lame --quiet in.wav x.mp3; mpg123 -q -w - x.mp3 | cat > out",
        "cp in.wav x.wav; cat x.wav x.wav > out",
    ]
    for size in (
        "00 00 00 80",
        "ff ff ff 7f",
        "fe ff ff ff",
        "00 f0 ff 7f",
        "00 00 ff 7f",
    ):  # as arecord and others leave it
        found.append(f"(head -c 40 in.wav; echo {size} | xxd -r -p; tail -c +45 in.wav) > out")
    return found


def by_ffmpeg(path: Path, channels: int, decoder: str | None = None) -> np.ndarray | None:
    """What ffmpeg decodes, or None; by its own choice of a decoder, or a named one."""
    chosen = [] if decoder is None else ["-c:a", decoder]
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "quiet", *chosen, "-i", path, "-c:a", "pcm_f64le", "-f", "f64le", "-"],
        capture_output=True,
    )
    return (
        np.frombuffer(done.stdout).reshape(-1, channels)
        if done.stdout and not len(done.stdout) % (8 * channels)
        else None
    )


def by_soundfile(path: Path) -> np.ndarray | None:
    """What soundfile decodes, or None."""
    try:
        return soundfile.read(path, always_2d=True)[0]
    except (RuntimeError, TypeError, ValueError, MemoryError):  # of FLAC without a length it wants 2**63 frames
        return None


def read(path: str | Path) -> tuple[np.ndarray | None, str]:
    """What is read here, and what was said."""
    try:
        with open_reader(path) as reader:
            x = reader.read(1 << 24)
            return x, "; ".join(reader.warnings)
    except FaltungError as error:
        return None, str(error).split(": ", 1)[-1]


def alike(x: np.ndarray, y: np.ndarray | None, lossy: bool) -> str:
    """Word for how two decodings differ."""
    if y is None:
        return "none"
    if x.shape != y.shape:
        return f"{len(y)} frames"
    if np.array_equal(x, y):
        return "equal"
    worst = float(np.abs(x - y).max())
    return "alike" if lossy and worst < 2e-3 else f"differs by {worst:.2g}"


def by_another_way(folder: Path, command: str, x: np.ndarray, lossy: bool) -> str:
    """Where neither reads a file right: the same written to a disk, or each of the parts that were put in a row.

    MPEG-1 layer II is judged by ffmpeg's ``mp2float`` too: its decoder of choice, in whole numbers, clips where that,
    mpg123 and libsndfile do not.
    """
    if alike(x, by_ffmpeg(folder / "out", x.shape[1], "mp2float"), lossy) in ("equal", "alike"):
        return "ffmpeg's mp2float"
    shell = ["bash", "-c"]
    if command.endswith(" - | cat > out"):
        subprocess.run([*shell, command.replace(" - | cat > out", " twin")], cwd=folder, capture_output=True)
        for decode in (by_soundfile, lambda path: by_ffmpeg(path, x.shape[1])):
            if alike(x, decode(folder / "twin"), lossy) in ("equal", "alike"):
                return "as written to a disk"
    _, _, joined = command.rpartition("; cat ")
    parts = joined.removesuffix(" > out").split() if joined.endswith(" > out") else []
    for decode in (by_soundfile, lambda path: by_ffmpeg(path, x.shape[1]), lambda path: read(path)[0]):
        each = [decode(folder / part) for part in parts]
        if (
            each
            and all(one is not None for one in each)
            and alike(x, np.concatenate(each), lossy) in ("equal", "alike")
        ):
            return "each part alone"
    return ""


def one(folder: Path, command: str, name: str) -> dict[str, str]:
    """One file: made, read from the disk and through a pipe, compared."""
    out = folder / "out"
    for path in folder.iterdir():
        if path.name != "in.wav":
            path.unlink()
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True)
    row = {"signal": name, "command": command}
    if not out.exists() or out.stat().st_size < 60:
        return row | {"result": "not made", "said": done.stderr.decode()[:200]}
    x, said = read(out)
    with piped(out.read_bytes()) as pipe:
        y, said_of_pipe = read(pipe)
    if x is None or y is None:
        verdict = (
            "refused"
            if x is None and y is None
            else "refused on a disk only"
            if x is None
            else "refused in a pipe only"
        )
        return row | {"result": verdict, "said": said or said_of_pipe}
    if not np.array_equal(x, y):
        return row | {"result": f"PIPE DIFFERS: {x.shape} {y.shape}", "said": said + " | " + said_of_pipe}
    lossy = any(word in command for word in ("mp3", "mp2", "lame", "vorbis", "opus", "oggenc", "adpcm", "gsm"))
    ffmpeg, sf = alike(x, by_ffmpeg(out, x.shape[1]), lossy), alike(x, by_soundfile(out), lossy)
    good = ("equal", "alike")
    result = (
        "both"
        if ffmpeg in good and sf in good
        else "soundfile"
        if sf in good
        else "ffmpeg"
        if ffmpeg in good
        else by_another_way(folder, command, x, lossy) or "NEITHER"
    )
    return row | {"result": result, "said": f"{len(x)} frames; ffmpeg: {ffmpeg}; soundfile: {sf}; {said}"}


def sweep(folder: Path, every: int = 1) -> list[dict[str, str]]:
    """All of them, or every so many."""
    rows = []
    for name, (fs, channels, frames) in SIGNALS.items():
        save(folder / "in.wav", noise(frames, channels), fs=fs, fmt=OutputFormat("PCM_16"))
        rows += [
            one(folder, command, name)
            for command in recipes()[:: every if name == "a" else 3 * every]
            if shutil.which(command.split()[0].lstrip("(")) or command.startswith("(")
        ]
    return rows


def main() -> None:
    """Print what became of each, and how many there were of a kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try every so many only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = sweep(Path(folder), arguments.every)
    for row in rows:
        if row["result"] != "both":
            print(f"{row['result']:10}  {row['signal']}  {row['command']}\n            {row['said']}")
    print(Counter(row["result"] for row in rows), len(rows), "files;", os.cpu_count(), "processors")


if __name__ == "__main__":
    main()
