"""Metadata of one container in another: kept as other programs read it, else named; what becomes of each was tried."""

from __future__ import annotations

import io
import random
import re
import shutil
import struct
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline import Pipeline
from pipeline.errors import DiskFullError
from pipeline.io import SignalInfo, probe, read_signal, write_signal
from pipeline.io.sink import OutputFile

mutagen = pytest.importorskip("mutagen", reason="mutagen is not installed: pip install 'faltung[metadata]'")

ROOT = Path(__file__).parents[2]
_spec = spec_from_file_location("docs_metadata", ROOT / "docs/metadata.py")
assert _spec is not None
assert _spec.loader is not None
table = module_from_spec(_spec)
sys.modules["docs_metadata"] = table
_spec.loader.exec_module(table)

HALF = Pipeline([{"use": "gain", "gain": 0.5}])
TEXTS = [
    ("title", "Grünes\tLand"),
    ("artist", "Eins"),
    ("artist", "Zwei"),
    ("microphone", "MKH 8020, 木"),
    ("mood", "still"),
]


def run(source: Path, output: Path):
    return HALF.run_file(source, output, overwrite=True).written


def test_the_table_of_the_docs_is_what_is_found_now_and_nothing_is_lost_in_silence():
    pytest.importorskip("pyarrow")
    assert table.page() == (ROOT / "docs/metadata.md").read_text("utf-8"), "run: make docs"
    assert [item for item, cells in table.rows().items() if table.LOST in cells] == []


def test_the_trial_sees_a_loss(monkeypatch, tmp_path):
    from faltung_metadata import reading

    monkeypatch.setattr(reading, "_flac", lambda _: reading.Found())
    assert table.becomes("FLAC: a field of one's own", "wav", tmp_path) == table.LOST


@pytest.fixture
def flac(tmp_path):
    path = tmp_path / "in.flac"
    texts = table.comments(*(f"{name.upper()}={text}" for name, text in TEXTS))
    blocks = [table._block(4, texts), table._block(6, table.picture("Hülle")), table._block(2, b"TESTdata")]
    path.write_bytes(table.flac_with(*blocks))
    return path


def seen(path: Path) -> list[tuple[str, str]]:
    """Texts by mutagen."""
    audio = mutagen.File(path)
    if hasattr(audio.tags, "getall"):
        names = {"TIT2": "title", "TPE1": "artist"}
        frames = [frame for frame in audio.tags.values() if frame.FrameID.startswith("T")]
        return [
            (names.get(frame.FrameID) or getattr(frame, "desc", frame.FrameID), str(text))
            for frame in frames
            for text in frame.text
        ]
    return [(name.lower(), text) for name, text in audio.tags if name != "METADATA_BLOCK_PICTURE"]


@pytest.mark.parametrize("name", ["out.flac", "out.ogg", "out.opus", "out.mp3"])
def test_another_program_reads_the_texts_that_were_carried(flac, tmp_path, name):
    source = flac
    if name == "out.opus":  # which has rates of its own
        x, info = read_signal(flac)
        write_signal(tmp_path / name, x, 8000, source=info)
    else:
        run(source, tmp_path / name)
    found = seen(tmp_path / name)
    assert [one for one in TEXTS if one not in found] == []
    assert found.count(("artist", "Eins")) == 1
    assert dict(probe(tmp_path / name).tags).items() >= dict(TEXTS).items()


@pytest.mark.parametrize("name", ["out.wav", "out.aiff"])
def test_an_id3_chunk_holds_what_a_chunk_of_texts_does_not(flac, tmp_path, name):
    run(flac, tmp_path / name)
    assert {("artist", "Zwei"), ("mood", "still"), ("microphone", "MKH 8020, 木")} <= set(seen(tmp_path / name))
    with sf.SoundFile(tmp_path / name) as file:
        assert (file.title, file.artist) == ("Grünes\tLand", "Eins")


def test_pictures_and_blocks_of_applications_are_the_same_bytes(flac, tmp_path):
    from mutagen.flac import FLAC

    run(flac, tmp_path / "out.flac")
    before, after = FLAC(flac), FLAC(tmp_path / "out.flac")
    assert [one.write() for one in after.pictures] == [one.write() for one in before.pictures] != []
    assert [one.data for one in after.metadata_blocks if one.code == 2] == [b"TESTdata"]
    for name in ("out.mp3", "out.wav", "out.aiff"):
        run(flac, tmp_path / name)
        (frame,) = mutagen.File(tmp_path / name).tags.getall("APIC")
        assert (frame.desc, frame.mime, frame.data) == ("Hülle", "image/png", before.pictures[0].data)


@pytest.mark.parametrize("name", ["out.flac", "out.ogg", "out.mp3", "out.wav", "out.aiff"])
def test_metadata_change_no_sample_and_two_passes_add_nothing(flac, tmp_path, name):
    bare = tmp_path / f"bare{Path(name).suffix}"
    x, _ = read_signal(flac)
    write_signal(tmp_path / "bare.flac", x, 8000, subtype="PCM_16", overwrite=True)
    run(tmp_path / "bare.flac", bare if bare.suffix != ".flac" else (bare := tmp_path / "b.flac"))
    run(flac, tmp_path / name)
    assert np.array_equal(sf.read(tmp_path / name)[0], sf.read(bare)[0])
    run(tmp_path / name, again := tmp_path / f"again{bare.suffix}")
    one, two = probe(tmp_path / name), probe(again)
    plain = [tag for tag in two.tags if tag[0] != "software"]
    assert plain == [tag for tag in one.tags if tag[0] != "software"]
    assert (two.attached, sorted(two.chunks)) == (one.attached, sorted(one.chunks))
    first = (tmp_path / name).read_bytes()
    run(flac, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


@pytest.mark.skipif(shutil.which("metaflac") is None, reason="metaflac is not installed")
def test_the_programs_of_flac_find_nothing_wrong(flac, tmp_path):
    run(flac, out := tmp_path / "out.flac")
    told = subprocess.run(["metaflac", "--list", out], capture_output=True, text=True, check=True).stdout
    assert "MICROPHONE=MKH 8020, 木".lower() in told.lower()
    subprocess.run(["flac", "-t", "-s", out], check=True)


def test_audio_of_an_aiff_that_was_written_to_a_pipe_is_no_metadata(tmp_path):
    x = np.frombuffer(b"NAME\0\0\0\4oops" * 50 + bytes(400), ">i2").astype(float)[:, None] / 32768
    write_signal(tmp_path / "a.aiff", x, 8000.0, subtype="PCM_16")
    data = (tmp_path / "a.aiff").read_bytes()
    at, comm = data.index(b"SSND"), data.index(b"COMM")
    head = data[: comm + 10] + bytes(4) + data[comm + 14 : at]
    (tmp_path / "a.aiff").write_bytes(head + b"SSND" + bytes(12) + data[at + 16 :])
    y, info = read_signal(tmp_path / "a.aiff")
    np.testing.assert_array_equal(y, x)
    assert (info.tags, info.dropped) == ((), ())


def test_marks_of_an_aiff_move_with_the_sound_and_come_back_as_marks(tmp_path):
    mark = struct.pack(">HIB", 7, 500, 3) + b"hit"
    (tmp_path / "in.aiff").write_bytes(table.aiff_with(table.chunk(b"MARK", struct.pack(">H", 1) + mark, ">")))
    twice = Pipeline([{"use": "resample", "fs": 16000}])
    twice.run_file(tmp_path / "in.aiff", tmp_path / "out.aiff")
    data = (tmp_path / "out.aiff").read_bytes()
    at = data.index(b"MARK")
    assert struct.unpack_from(">IHHIB3s", data, at + 4) == (12, 1, 7, 1000, 3, b"hit")
    assert int.from_bytes(data[4:8], "big") == len(data) - 8
    twice.run_file(tmp_path / "in.aiff", tmp_path / "out.wav")
    assert (
        b"cue " + struct.pack("<IIII4sIII", 28, 1, 7, 1000, b"data", 0, 0, 1000) in (tmp_path / "out.wav").read_bytes()
    )


@pytest.mark.parametrize(
    ("stages", "loops"),
    [
        ([{"use": "gain", "gain": 0.5}], (1, 7, 9, 2, 9, 9)),
        ([{"use": "reverse"}], (1, 9, 7, 2, 9, 9)),
        ([{"use": "delay", "delay": "5 s"}], (0, 0, 0, 0, 0, 0)),
    ],
)
def test_loops_of_an_aiff_lead_from_the_earlier_mark_to_the_later_or_are_off(tmp_path, stages, loops):
    marks = b"".join(struct.pack(">HIB", mark, frame, 1) + b"a" for mark, frame in ((7, 100), (9, 700)))
    inst = struct.pack(">8b6H", 60, 0, 0, 127, 1, 127, 0, 0, 1, 7, 9, 2, 9, 9)
    chunks = table.chunk(b"MARK", struct.pack(">H", 2) + marks, ">") + table.chunk(b"INST", inst, ">")
    (tmp_path / "in.aiff").write_bytes(table.aiff_with(chunks))
    report = Pipeline(stages, tail="trim").run_file(tmp_path / "in.aiff", tmp_path / "out.aiff")
    data = (tmp_path / "out.aiff").read_bytes()
    found = struct.unpack_from(">6H", data, data.index(b"INST") + 16)
    assert found == loops
    assert any("a loop of INST" in one for one in report.warnings) == (loops[0] == 0)


def test_without_mutagen_what_it_would_write_is_named_with_the_fix(flac, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mutagen", None)
    for name in ("out.wav", "out.flac", "out.ogg", "out.aiff"):
        (note,) = [one for one in run(flac, tmp_path / name).notes if "metadata" in one]
        assert note.endswith("; more would be kept: pip install 'faltung[metadata]'")
        assert {"artist", "microphone", "mood", "picture"} <= set(note.partition(": ")[2].partition(";")[0].split(", "))
        assert dict(probe(tmp_path / name).tags)["title"] == "Grünes\tLand"


@pytest.mark.parametrize("name", ["out.flac", "out.ogg", "out.mp3"])
def test_a_disk_that_is_full_while_metadata_are_added_is_told_as_that(flac, tmp_path, monkeypatch, name):
    """The audio fits, the texts do not: ``RLIMIT_FSIZE`` stands just above what there is then."""
    import resource
    import signal

    from faltung_metadata.writing import Carrying

    real, before = Carrying.put, resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def put(self: Carrying, file: OutputFile) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.size() + 10, before[1]))
        try:
            real(self, file)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    monkeypatch.setattr(Carrying, "put", put)
    try:
        with pytest.raises(DiskFullError, match=name.replace(".", r"\.")):
            run(flac, tmp_path / name)
    finally:
        signal.signal(signal.SIGXFSZ, old)
    assert [path.name for path in tmp_path.iterdir()] == ["in.flac"]


def a_text(rng: random.Random) -> str:
    return "".join(rng.choice("abc Äö木𝄞\n=;,") for _ in range(rng.randrange(1, 30))).strip() or "x"


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("seed", range(20))
def test_texts_of_id3_are_read_as_mutagen_wrote_them(version, seed):
    from faltung_metadata import id3
    from mutagen import id3 as frames

    rng, tag = random.Random(seed), frames.ID3()
    texts = {a_text(rng).lower(): a_text(rng) for _ in range(4)}
    for name, text in texts.items():
        tag.add(frames.TXXX(encoding=rng.choice([1, 3]) if version == 4 else 1, desc=name, text=[text]))
    tag.add(frames.TIT2(encoding=1, text=[title := a_text(rng)]))
    tag.add(frames.APIC(encoding=1, mime="image/png", type=3, desc=(words := a_text(rng)), data=b"\xff\0\xff\xe0data"))
    tag.add(frames.PRIV(owner="x", data=b"y"))
    file = io.BytesIO()
    tag.save(file, v2_version=version)
    tags, (picture,), lost = id3.read(file.getvalue())
    assert sorted(tags) == sorted([*texts.items(), ("title", title)])
    assert lost == ["ID3 PRIV"]
    from mutagen.flac import Picture

    block = Picture(picture[1])
    assert (block.data, block.desc, block.mime, block.type) == (b"\xff\0\xff\xe0data", words, "image/png", 3)


def test_a_tag_that_is_unsynchronised_and_one_of_version_2_are_read():
    from faltung_metadata import id3

    body = b"TXXX" + struct.pack(">I2s", 11, b"\0\0") + b"\1\xff\xfea\0\0\0\xff\xfeb\0"
    size = len(packed := body.replace(b"\xff", b"\xff\0"))
    assert id3.read(b"ID3\3\0\x80" + bytes([0, 0, 0, size]) + packed)[0] == (("a", "b"),)
    old = b"TT2\0\0\4\0abc" + b"PIC\0\0\x0a\0PNG\3\0DATA" + b"XYZ\0\0\1?"
    tags, pictures, lost = id3.read(b"ID3\2\0\0" + bytes([0, 0, 0, len(old)]) + old)
    assert (tags, len(pictures), lost) == ((("title", "abc"),), 1, ["ID3 XYZ"])


@pytest.mark.parametrize("seed", range(200))
def test_damaged_metadata_raise_nothing(seed, tmp_path):
    from faltung_metadata import id3
    from faltung_metadata.reading import _marks, comments

    rng = random.Random(seed)
    good = [
        table.comments("A=b", "METADATA_BLOCK_PICTURE=AAAA"),
        table.id3(table.frame(b"TXXX", b"\1\xff\xfea\0\0\0b\0"), table._APIC),
        struct.pack(">HHIB", 1, 1, 5, 3) + b"abc",
    ]  # fmt: skip
    for raw, read in zip(good, (comments, id3.read, _marks), strict=True):
        made = bytearray(raw)
        for _ in range(rng.randrange(1, 5)):
            made[rng.randrange(len(made))] = rng.choice([0, 255, 127, rng.randrange(256)])
        read(bytes(made[: rng.randrange(len(made) + 1)]))


def test_recordings_in_a_row_with_metadata_of_their_own_say_that_the_first_alone_is_kept(tmp_path):
    pieces = [table._ogg(f"TITLE={words}") for words in ("one", "two")]
    (tmp_path / "in.ogg").write_bytes(b"".join(pieces))
    report = run(tmp_path / "in.ogg", tmp_path / "out.wav")
    assert report.notes[-1] == "metadata not carried: those of all recordings in it but the first"
    assert dict(probe(tmp_path / "out.wav").tags)["title"] == "one"


@pytest.mark.parametrize("name", ["out.flac", "out.ogg", "out.mp3", "out.wav"])
def test_a_name_that_a_comment_cannot_have_is_named_and_in_id3_kept(tmp_path, name):
    info = SignalInfo(8000.0, 1, 400, "WAV", "PCM_16", tags=(("gerät", "eins"), ("a=b", "zwei"), ("good", "drei")))
    report = write_signal(tmp_path / name, np.zeros(400), 8000, source=info)
    kept = dict(probe(tmp_path / name).tags)
    if Path(name).suffix in (".flac", ".ogg"):
        assert (kept.get("good"), report.notes[-1]) == ("drei", "metadata not carried: gerät, a=b")
    else:
        assert {text for _, text in seen(tmp_path / name)} >= {"eins", "zwei", "drei"}


TAG = b"TAG" + table.WORDS.encode().ljust(125, b"\0")
TITLE = table.id3(table.frame(b"TIT2", b"\0words"))
APE = b"APETAGEX\xd0\7\0\0" + struct.pack("<III", 32, 0, 0x80000000) + bytes(8)


def w64(*more):
    def piece(name, body):
        guid = bytes.fromhex("f3acd3118cd100c04f8edb8a")
        return name + guid + struct.pack("<Q", 24 + len(body)) + body + bytes(-len(body) % 8)

    kind = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"wave" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + piece(b"fmt ", kind) + piece(b"data", bytes(800))
    body += b"".join(piece(*one) for one in more)
    return bytes.fromhex("726966662e91cf11a5d628db04c10000") + struct.pack("<Q", 24 + len(body)) + body


def caf_of_six():
    def piece(name, body):
        return name + struct.pack(">q", len(body)) + body

    kind = struct.pack(">d4sIIIII", 8000.0, b"lpcm", 0, 12, 1, 6, 16)
    layout = struct.pack(">III", 121 << 16 | 6, 0, 0)
    audio = piece(b"data", bytes(4 + 1200))
    return b"caff\0\1\0\0" + piece(b"desc", kind) + piece(b"chan", layout) + audio


def npz_with(**arrays):
    out = io.BytesIO()
    np.savez(out, x=np.full(400, 0.1), fs=8000, **arrays)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("in.w64", w64((b"cue ", b"words")), "not carried: cue$"),
        ("in.flac", table._encoded("FLAC") + TAG, "not carried: ID3v1 tag$"),
        ("in.flac", table._encoded("FLAC") + APE, "not carried: APE tag$"),
        ("in.flac", TITLE + table._encoded("FLAC"), r"\d+ bytes of titles stand before its FLAC header; not carried"),
        (
            "in.flac",
            table.flac_with(table._block(4, struct.pack("<III", 0, 1, 5) + b"words")),
            "not carried: a comment without a name$",
        ),
        ("in.mp3", table._encoded("MP3") + TITLE, r"titles behind the audio, at byte \d+, are not carried"),
        ("in.npz", npz_with(note=np.array("words")), "not carried: note$"),
        ("in.caf", caf_of_six(), "not carried: chan$"),
    ],
)
def test_what_is_not_read_of_metadata_is_named(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    report = HALF.run_file(tmp_path / name, tmp_path / "out.wav", overwrite=True)
    assert [one for one in report.warnings if re.search(words, one)], report.warnings


def test_texts_that_are_there_twice_and_marks_of_one_number_are_kept_both(tmp_path):
    artists = table.chunk(b"IART", b"Eins\0") + table.chunk(b"IART", b"Zwei\0")
    (tmp_path / "in.wav").write_bytes(table.wav_with(table.chunk(b"LIST", b"INFO" + artists)))
    assert run(tmp_path / "in.wav", tmp_path / "out.flac").notes == ()
    assert [text for name, text in probe(tmp_path / "out.flac").tags if name == "artist"] == ["Eins", "Zwei"]
    marks = struct.pack(">HHIB3sHIB3s", 2, 7, 100, 3, b"one", 7, 300, 3, b"two")
    (tmp_path / "in.aiff").write_bytes(table.aiff_with(table.chunk(b"MARK", marks, ">")))
    run(tmp_path / "in.aiff", tmp_path / "out.aiff")
    data = (tmp_path / "out.aiff").read_bytes()
    assert struct.unpack_from(">HHIB3sHIB3s", data, data.index(b"MARK") + 8) == (
        2,
        7,
        100,
        3,
        b"one",
        8,
        300,
        3,
        b"two",
    )
    au = b".snd" + struct.pack(">5I", 24 + 12, 800, 3, 8000, 1) + b"first\0second" + bytes(800)
    (tmp_path / "in.au").write_bytes(au)
    assert probe(tmp_path / "in.au").tags == (("comment", "first"), ("comment", "second"))


def test_a_label_without_its_mark_has_no_place_in_an_aiff(tmp_path):
    label = table.chunk(b"LIST", b"adtl" + table.chunk(b"labl", struct.pack("<I", 3) + b"hit\0"))
    (tmp_path / "in.wav").write_bytes(table.wav_with(label))
    assert run(tmp_path / "in.wav", tmp_path / "out.aiff").notes == ("metadata not carried: LIST",)
