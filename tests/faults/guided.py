"""Mutations that atheris chooses by what they reach in the code, each kind in a process of its own; and their table.

``python -m tests.faults.guided .wav corpus -runs=100`` is such a process: libFuzzer's options stand behind the kind and
the folder. The code of the project is watched, not that of libraries; `fuzz` and `fuzz_texts` judge.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

COUNTED = re.compile(rb"^#(\d+)\s+(\w+)\s+cov: (\d+) ft: \d+ corp: (\d+)", re.M)


def child(kind: str, corpus: str, options: Sequence[str]) -> None:
    """Fuzz one kind; it ends the process."""
    import atheris

    looked_at = ["pipeline", "faltung_codecs", "faltung_events", "faltung_parquet", "faltung_metadata"]
    with atheris.instrument_imports(include=looked_at):
        from tests.faults import fuzz, fuzz_texts

        place = Path(tempfile.mkdtemp())
        judge: Callable[[bytes], object]
        if kind in fuzz_texts.KINDS:
            good = [text.encode() for text in fuzz_texts.corpus(kind)]

            def judge(data: bytes) -> object:
                return fuzz_texts.judged(kind, data.decode("utf-8", "replace"))
        else:
            path, kept = place / f"guided{kind}", list[object]()
            good = [fuzz.seed_of(kind, place)]

            def judge(data: bytes) -> object:
                path.write_bytes(data)
                return fuzz.judged(path, kept)

        for number, data in enumerate(good):
            with contextlib.suppress(AssertionError):  # slow while it is being prepared
                judge(data)  # what is imported when it is needed is watched too
            Path(corpus, f"good{number}").write_bytes(data)
        words = [re.sub(r"[^ -~]|[\"\\\\]", _hex, f"{piece}") for piece in fuzz_texts.PIECES]
        (place / "words").write_text("".join(f'"{word}"\n' for word in words))
    atheris.Setup([sys.argv[0], "-max_len=16384", "-timeout=20", f"-dict={place / 'words'}", *options, corpus], judge)
    atheris.Fuzz()


def _hex(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02X}" for byte in found[0].encode())


def table(kinds: Sequence[str], seconds: int) -> int:
    """Print a line for each kind; how many ended in a crash."""
    crashes = 0
    print(f"{'target':18} {'executions':>10} {'corpus':>12} {'coverage':>14}  crashes", flush=True)
    for kind in kinds:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as corpus:
            words = [sys.executable, "-m", "tests.faults.guided", kind, corpus, f"-max_total_time={seconds}"]
            done = subprocess.run(words, capture_output=True, check=False)
        found = COUNTED.findall(done.stderr) or [(b"0", b"", b"0", b"0")]
        (_, _, cov, size), (runs, _, most, grown) = (
            next((one for one in found if one[1] == b"INITED"), found[0]),
            found[-1],
        )
        wrong = done.returncode != 0
        crashes += wrong
        print(f"{kind:18} {int(runs):10,} {int(size):5} -> {int(grown):4} {int(cov):5} -> {int(most):5}  {int(wrong)}"
              f"  {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
        if wrong:
            print(done.stderr.decode("utf-8", "replace")[-3000:], flush=True)
    return crashes


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], sys.argv[3:])
