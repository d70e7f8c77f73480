"""Writes docs/metadata.md, what becomes of each kind of metadata in each kind of output, found by trying; ``--check``.

Each input holds one kind of metadata with a text in it that stands nowhere else. An output keeps it where that text is
among its bytes, in any coding; else a note of the run must name it.
"""

from __future__ import annotations

import base64
import io
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf

from pipeline import Pipeline

PAGE = Path(__file__).resolve().parent / "metadata.md"
FS = 8000
WORDS = "Zaunkoenig17"  # a length that base64 keeps whole, wherever it begins
OUTPUTS = ("wav", "flac", "ogg", "mp3", "aiff", "w64", "npy", "csv", "parquet")
KEPT, NAMED, LOST = "kept", "named", "**lost**"

_HEAD = """What becomes of titles, pictures, marks and notes of recorders in each kind of output; made by `make docs`.

# Metadata

A file holds more than its sound. What its container can hold goes on into an output: texts under the names they have,
pictures, the chunks of a WAV, blocks of other programs in FLAC. Marks, loops and times of day are moved with the
sound where a run moves it; texts that tell times, such as `LOOPSTART`, chapters and cue sheets, go only where it does
not. **Whatever is not carried is named** in a note of the run, of its report and of its JSON:

```text
metadata not carried: bext, cue
```

Texts beyond title, artist, comment, copyright, date, album, genre, track number and software, every text in an MP3,
and pictures, are written by mutagen: `pip install 'faltung[metadata]'`. Without it they are named too.
`faltung info FILE` shows what is in a file.

In this table each cell was tried, with one input that holds that alone: *kept*, or *named*.

"""


def _sound() -> np.ndarray:
    return 0.25 * np.sin(2 * np.pi * 440 * np.arange(2000) / FS)


def _encoded(kind: str, **more: str) -> bytes:
    file = io.BytesIO()
    with sf.SoundFile(file, "w", FS, 1, format=kind, **more) as out:
        out.write(_sound())
    return file.getvalue()


def chunk(name: bytes, raw: bytes, order: str = "<") -> bytes:
    """A chunk of RIFF or of AIFF."""
    return name + struct.pack(f"{order}I", len(raw)) + raw + b"\0" * (len(raw) % 2)


def wav_with(*chunks: bytes) -> bytes:
    """A WAV with these chunks behind its audio."""
    data = _encoded("WAV", subtype="PCM_16")
    body = data[8:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def aiff_with(*chunks: bytes) -> bytes:
    """An AIFF with these chunks behind its audio."""
    data = _encoded("AIFF", subtype="PCM_16")
    body = data[8:] + b"".join(chunks)
    return b"FORM" + struct.pack(">I", len(body)) + body


def _block(kind: int, raw: bytes) -> bytes:
    return bytes([kind]) + len(raw).to_bytes(3, "big") + raw


def comments(*texts: str) -> bytes:
    """Vorbis comments."""
    each = b"".join(struct.pack("<I", len(raw)) + raw for raw in (text.encode() for text in texts))
    return struct.pack("<I", 4) + b"test" + struct.pack("<I", len(texts)) + each


def picture(words: str) -> bytes:
    """A block of FLAC that holds a picture."""
    dot = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    said = words.encode()
    head = struct.pack(f">II9sI{len(said)}s", 3, 9, b"image/png", len(said), said)
    return head + struct.pack(">5I", 1, 1, 32, 0, len(dot)) + dot


def flac_with(*blocks: bytes) -> bytes:
    """A FLAC with these blocks behind STREAMINFO, and none of those that libsndfile writes."""
    data, at, last = _encoded("FLAC"), 4, False
    info = data[4:42]
    while not last:
        last, size = data[at] >= 0x80, int.from_bytes(data[at + 1 : at + 4], "big")
        at += 4 + size
    every = [bytes([info[0] & 0x7F]) + info[1:], *blocks]
    every[-1] = bytes([every[-1][0] | 0x80]) + every[-1][1:]
    return b"fLaC" + b"".join(every) + data[at:]


def id3(*frames: bytes) -> bytes:
    """An ID3 tag, version 2.3."""
    body = b"".join(frames)
    size = bytes(len(body) >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3\3\0\0" + size + body


def frame(name: bytes, raw: bytes) -> bytes:
    """A frame of an ID3 tag."""
    return name + struct.pack(">I2s", len(raw), b"\0\0") + raw


def _ogg(*texts: str) -> bytes:
    from mutagen.oggvorbis import OggVorbis

    file = io.BytesIO(_encoded("OGG"))
    audio = OggVorbis(file)
    audio.tags[:] = [tuple(text.split("=", 1)) for text in texts]
    file.seek(0)
    audio.save(file)
    return file.getvalue()


def _bext(words: bytes) -> bytes:
    return words.ljust(256, b"\0") + bytes(346)


_W = WORDS.encode()
_CUE = chunk(b"cue ", struct.pack("<III4sIII", 1, 1, 500, b"data", 0, 0, 500))
_LABEL = chunk(b"LIST", b"adtl" + chunk(b"labl", struct.pack("<I", 1) + _W + b"\0"))
_MARK = chunk(b"MARK", struct.pack(">HHIB", 1, 1, 500, len(_W)) + _W + b"\0", ">")
_APIC = frame(b"APIC", b"\0image/png\0\3" + _W + b"\0" + picture("")[-70:])

Made = tuple[str, Callable[[], bytes]]


def _wav(name: bytes, raw: bytes) -> Made:
    return "wav", lambda: wav_with(chunk(name, raw))


def _aiff(name: bytes, raw: bytes) -> Made:
    return "aiff", lambda: aiff_with(chunk(name, raw, ">"))


def _flac(kind: int, raw: bytes) -> Made:
    return "flac", lambda: flac_with(_block(kind, raw))


ITEMS: dict[str, Made] = {
    "WAV: title (`INAM` of `LIST INFO`)": _wav(b"LIST", b"INFO" + chunk(b"INAM", _W + b"\0")),
    "WAV: engineer (`IENG` of `LIST INFO`)": _wav(b"LIST", b"INFO" + chunk(b"IENG", _W + b"\0")),
    "WAV: `bext`, of broadcasters": _wav(b"bext", _bext(_W)),
    "WAV: `iXML`": _wav(b"iXML", b"<BWFXML><NOTE>" + _W + b"</NOTE></BWFXML>"),
    "WAV: `axml`": _wav(b"axml", b"<x>" + _W + b"</x>"),
    "WAV: `guan`, of bat recorders": _wav(b"guan", b"GUANO|Version: 1.0\nNote: " + _W + b"\n"),
    "WAV: `inst`": _wav(b"inst", _W),
    "WAV: marks with names (`cue `, `LIST adtl`)": ("wav", lambda: wav_with(_CUE, _LABEL)),
    "WAV: `smpl`, of samplers": _wav(b"smpl", bytes(28) + bytes(4) + struct.pack("<I", len(_W)) + _W),
    "WAV: texts in an `id3 ` chunk": _wav(b"id3 ", id3(frame(b"TMOO", b"\0" + _W))),
    "WAV: a chunk that nobody knows": _wav(b"zzzz", _W),
    "FLAC: title": _flac(4, comments(f"TITLE={WORDS}")),
    "FLAC: a field of one's own": _flac(4, comments(f"MICROPHONE={WORDS}")),
    "FLAC: two artists": _flac(4, comments("ARTIST=One", f"ARTIST={WORDS}")),
    "FLAC: a picture": _flac(6, picture(WORDS)),
    "FLAC: a block of an application": _flac(2, b"TEST" + _W),
    "FLAC: a cue sheet": _flac(5, _W.ljust(128, b"\0") + bytes(8 + 259) + b"\1" + bytes(36)),
    "Ogg: title": ("ogg", lambda: _ogg(f"TITLE={WORDS}")),
    "Ogg: a field of one's own": ("ogg", lambda: _ogg(f"MICROPHONE={WORDS}")),
    "Ogg: a picture": ("ogg", lambda: _ogg(f"METADATA_BLOCK_PICTURE={base64.b64encode(picture(WORDS)).decode()}")),
    "AIFF: title (`NAME`)": _aiff(b"NAME", _W),
    "AIFF: author (`AUTH`)": _aiff(b"AUTH", _W),
    "AIFF: two notes (`ANNO`)": ("aiff", lambda: aiff_with(chunk(b"ANNO", b"one", ">"), chunk(b"ANNO", _W, ">"))),
    "AIFF: marks with names (`MARK`)": ("aiff", lambda: aiff_with(_MARK)),
    "AIFF: `APPL`, of an application": _aiff(b"APPL", b"TEST" + _W),
    "AIFF: comments (`COMT`)": _aiff(b"COMT", struct.pack(">HIHH", 1, 0, 0, len(_W)) + _W),
    "AIFF: texts in an `ID3 ` chunk": _aiff(b"ID3 ", id3(frame(b"TMOO", b"\0" + _W))),
    "AIFF: a chunk that nobody knows": _aiff(b"ZZZZ", _W),
    "MP3: title (`TIT2`)": ("mp3", lambda: id3(frame(b"TIT2", b"\0" + _W)) + _encoded("MP3")),
    "MP3: mood (`TMOO`)": ("mp3", lambda: id3(frame(b"TMOO", b"\0" + _W)) + _encoded("MP3")),
    "MP3: a text of one's own (`TXXX`)": ("mp3", lambda: id3(frame(b"TXXX", b"\0Mic\0" + _W)) + _encoded("MP3")),
    "MP3: comment (`COMM`)": ("mp3", lambda: id3(frame(b"COMM", b"\0eng\0" + _W)) + _encoded("MP3")),
    "MP3: a picture (`APIC`)": ("mp3", lambda: id3(_APIC) + _encoded("MP3")),
    "MP3: data of a program (`PRIV`)": ("mp3", lambda: id3(frame(b"PRIV", b"test\0" + _W)) + _encoded("MP3")),
    "AU: its annotation": ("au", lambda: _au()),
}  # fmt: skip
"""Kinds of metadata: the extension of a file that has one, and the file."""


def _au() -> bytes:
    data = _encoded("AU", subtype="PCM_16")
    start = int.from_bytes(data[4:8], "big")
    text = _W.ljust(24, b"\0")
    return data[:4] + struct.pack(">I", 24 + len(text)) + data[8:24] + text + data[start:]


def holds(data: bytes) -> bool:
    """Whether the words stand among these bytes, as bytes of any width or in base64."""
    wide = [WORDS.encode(), WORDS.encode("utf-16-le"), WORDS.encode("utf-16-be")]
    coded = [base64.b64encode(bytes(lead) + _W)[4 if lead else 0 :][:12] for lead in range(3)]
    return any(words in data for words in [*wide, *coded])


def becomes(item: str, extension: str, folder: Path) -> str:
    """What becomes of a kind of metadata in such an output."""
    kind, made = ITEMS[item]
    source, output = folder / f"in.{kind}", folder / f"out-{extension}.{extension}"
    data = made()
    if not holds(data):
        raise ValueError(f"{item}: the words are not in the input")
    source.write_bytes(data)
    report = Pipeline([{"use": "gain", "gain": 0.5}]).run_file(source, output, overwrite=True)
    if holds(output.read_bytes()):
        return KEPT
    return NAMED if any(note.startswith("metadata not carried: ") for note in report.written.notes) else LOST


def rows() -> dict[str, list[str]]:
    """Every kind of metadata with what becomes of it in each output."""
    with tempfile.TemporaryDirectory() as folder:
        return {item: [becomes(item, extension, Path(folder)) for extension in OUTPUTS] for item in ITEMS}


def page() -> str:
    """The whole page."""
    lines = [f"| in the input | {' | '.join(OUTPUTS)} |", "| --- |" + " --- |" * len(OUTPUTS)]
    lines += [f"| {item} | {' | '.join(cells)} |" for item, cells in rows().items()]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    made = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == made:
        sys.exit()
    if "--check" in sys.argv:
        sys.exit(f"{PAGE} is not what is found now; run: make docs")
    PAGE.write_text(made, "utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")
