"""A real S3 server on loopback behind a proxy that cuts connections: ``python -m tests.soak.s3_server --cuts 40``.

moto answers as S3 does; the proxy lets a number of bytes through in one direction, then resets connections, or with
``--stall`` keeps them and sends nothing: a few, or all until it is told otherwise. Whatever is cut, a run fails in
words that name the file, no object appears that is not whole, no hidden object and no upload in parts stays where the
server can be reached, what stood there before stays, and the same run without cuts gives the bytes of a run on the
disk. By ``http://`` the same is read.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import Pipeline
from pipeline.errors import FaltungError
from pipeline.io.signals import write_signal

LONGEST_S = {False: 120.0, True: 480.0}
"""For a run whose connections are cut, or stall: the client asks again, some times, and waits a little before."""
BUCKET = "takes"
PART_BYTES = 5 << 20  # the least that S3 takes for a part of an upload
ECHO = [{"use": "echo", "delay": "20 ms", "gain": 0.5, "repeats": 2}]
OLD = b"what stood there before"
EVER = 1_000_000


class Proxy:
    """A TCP proxy to a port; of the next ``times`` connections each is reset after ``after`` bytes ``up``, or down."""

    def __init__(self, port: int, stall: bool) -> None:
        self.stall, self._end_of_stalls = stall, threading.Event()
        self.target, self.after, self.up, self.times, self.cuts = port, 0, False, 0, 0
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_no_more(self) -> None:
        self.times = 0
        self._end_of_stalls.set()
        self._end_of_stalls = threading.Event()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for pair, up in (((client, server), True), ((server, client), False)):
                threading.Thread(target=self._pass, args=(*pair, up), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, up: bool) -> None:
        passed = 0
        try:
            while data := source.recv(8192):
                with self._lock:
                    cut = self.times > 0 and up == self.up and passed + len(data) > self.after
                    if cut:
                        self.times, self.cuts = self.times - 1, self.cuts + 1
                target.sendall(data[: self.after - passed] if cut else data)
                passed += len(data)
                if cut:
                    if self.stall:
                        self._end_of_stalls.wait()
                    for one in (source, target):  # reset, not closed
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        except OSError:
            pass
        finally:
            for one in (source, target):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()


def trials(cuts: int, seed: int, frames: int, stall: bool) -> Counter[str]:
    """What became of so many cut runs, by what was cut."""
    import fsspec
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    fsspec.config.conf["s3"] = {"default_block_size": PART_BYTES}
    rng, found = random.Random(seed), Counter[str]()
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    proxy = Proxy(port, stall)
    os.environ.update(AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="us-east-1",
                      AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}", AWS_MAX_ATTEMPTS="1")  # fmt: skip
    direct = s3fs.S3FileSystem(
        endpoint_url=f"http://127.0.0.1:{port}", skip_instance_cache=True, use_listings_cache=False
    )
    try:
        direct.mkdir(BUCKET, acl="public-read")
        with tempfile.TemporaryDirectory() as folder:
            take, here = Path(folder, "take.wav"), Path(folder, "y.wav")
            write_signal(take, np.random.default_rng(1).uniform(-0.4, 0.4, (frames, 2)), 48000, subtype="PCM_16")
            Pipeline(ECHO).run_file(take, here)
            direct.put(os.fspath(take), f"{BUCKET}/take.wav")
            for number in range(cuts):
                way, happened = trial(rng, direct, proxy, number, Path(folder), here.read_bytes())
                found[f"{way}: {happened}"] += 1
    finally:
        proxy.close()
        server.stop()
    return found


def trial(rng: random.Random, direct: Any, proxy: Proxy, number: int, folder: Path, whole: bytes) -> tuple[str, str]:
    """What was cut, and what came of it: one run with connections cut while it reads or writes, one without."""
    way = ("reading", "writing", "reading http")[number % 3]
    output, began = f"s3://{BUCKET}/out-{number}.wav", time.monotonic()
    source = f"s3://{BUCKET}/take.wav"
    if way == "reading http":
        source, output = f"http://127.0.0.1:{proxy.port}/{BUCKET}/take.wav", os.fspath(folder / f"out-{number}.wav")
    stood = rng.random() < 0.5 and way != "reading http"
    if stood:
        direct.pipe(f"{BUCKET}/out-{number}.wav", OLD)
    _forget()
    proxy.up, proxy.after = (
        way == "writing",
        rng.choice((0, 100, 2000, rng.randrange(PART_BYTES), rng.randrange(len(whole)))),
    )
    before = proxy.cuts
    proxy.times = times = rng.choice((1, 3, EVER))
    said = _said(source, output, overwrite=stood)
    took = time.monotonic() - began
    cut, reachable = proxy.cuts > before, proxy.times < EVER // 2
    proxy.cut_no_more()
    assert took < LONGEST_S[proxy.stall], f"takes {took:.0f} s"
    assert cut or not said, said
    assert not said or f"/{BUCKET}/" in said, f"names no file: {said}"
    if way != "reading http":
        _look(direct, number, said, whole if not stood else None, whole, reachable)
    else:
        assert not said or not Path(output).exists()
    _forget()
    Pipeline(ECHO).run_file(source, output, overwrite=True)
    now = Path(output).read_bytes() if "://" not in output else direct.cat(output)
    assert now == whole, "the run done again is another"
    shown = f"{times if times < EVER else 'all'} cut after {proxy.after} bytes"
    print(f"{number:3}  {way:12}  {shown:28} {took:5.1f} s  {said[:110] or 'done'}", flush=True)
    return way, "failed in words" if said else "done by asking again" if cut else "over before the cut"


def _look(direct: Any, number: int, said: str, nothing_before: bytes | None, whole: bytes, reachable: bool) -> None:
    """What is in the store: nothing under the name that is not whole, and nothing hidden where it could be removed."""
    direct.invalidate_cache()
    there = {name.rpartition("/")[2] for name in direct.ls(BUCKET)}
    name = f"out-{number}.wav"
    held = direct.cat(f"{BUCKET}/{name}") if name in there else None
    before = None if nothing_before is not None else OLD
    assert held == whole or (said and held == before), "an object that is not whole has the name of one"
    hidden = [f"{BUCKET}/{one}" for one in there if one.startswith(".")]
    parts = direct.call_s3("list_multipart_uploads", Bucket=BUCKET).get("Uploads", []) or []
    if reachable:
        assert not hidden, hidden
        assert not parts, parts
    for one in hidden:
        direct.rm_file(one)
    for one in parts:
        direct.call_s3("abort_multipart_upload", Bucket=BUCKET, Key=one["Key"], UploadId=one["UploadId"])


def _said(source: str, output: str, *, overwrite: bool) -> str:
    try:
        Pipeline(ECHO).run_file(source, output, overwrite=overwrite)
    except FaltungError as error:
        return str(error)
    return ""


def _forget() -> None:
    """Have the next run make a client of its own."""
    import s3fs
    from fsspec.implementations.http import HTTPFileSystem

    s3fs.S3FileSystem.clear_instance_cache()
    HTTPFileSystem.clear_instance_cache()


def main() -> int:
    """Cut so many runs, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=3_500_000, help="14 MB, three parts of an upload, unless given")
    parser.add_argument("--stall", action="store_true", help="minutes for each, since clients wait that long")
    given = parser.parse_args()
    found = trials(given.cuts, given.seed, given.frames, given.stall)
    print("; ".join(f"{what} {count}" for what, count in sorted(found.items())), "; anything else 0", sep="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
