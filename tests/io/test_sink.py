"""Atomic output: the name appears when the file is whole, nothing is left behind, and causes are told."""

import errno
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest

import pipeline
from pipeline.cli import main
from pipeline.errors import DiskFullError, ReadError, UsageError, WriteError
from pipeline.io import OutputFormat, open_writer, probe, read_signal, same_file
from pipeline.io.sink import AtomicFile, remove_left_behind, write_bytes
from pipeline.system import FolderSync
from tests.io.helpers import names, noise, save

CONTAINERS = ["x.wav", "x.flac", "x.aiff", "x.ogg", "x.csv", "x.npy", "x.npz"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_nothing_has_the_name_before_commit_and_the_old_file_stays(tmp_path, name):
    path = tmp_path / name
    save(path, np.zeros((3, 1)))
    before, listed = path.read_bytes(), names(tmp_path)
    with open_writer(path, fs=8000, channels=1, overwrite=True) as writer:
        writer.write(noise(5000, 1))
        assert path.read_bytes() == before
        assert all(new.startswith(".x.") and new.endswith(".part") for new in set(names(tmp_path)) - set(listed))
    assert path.read_bytes() == before
    assert names(tmp_path) == listed


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_error_in_the_middle_leaves_nothing(tmp_path, name):
    def work():
        with open_writer(tmp_path / name, fs=8000, channels=1) as writer:
            writer.write(noise(50, 1))
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        work()
    assert names(tmp_path) == []


def write_whole(writer, x):
    writer.write(x)
    writer.commit()


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch, name, code):
    room = 3000

    def write(fd, data):
        nonlocal room
        if room < len(data):
            raise OSError(code, os.strerror(code))
        room -= len(data)
        return real(fd, data)

    real = os.write
    with open_writer(tmp_path / name, fs=8000, channels=2) as writer:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(DiskFullError, match="No space left on device") as caught:
            write_whole(writer, noise(50_000, 2))
    assert caught.value.exit_code == 3
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_a_disk_without_any_room_leaves_no_sidecar_that_was_begun(tmp_path, monkeypatch, name):
    def full(_fd, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFullError, match=r"x\.json: No space left on device"):
        open_writer(tmp_path / name, fs=8000, channels=1)
    assert names(tmp_path) == []


def test_a_full_disk_without_a_folder_for_temporary_files_is_a_full_disk(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    program = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from pipeline.cli import main\nsys.exit(main())"
    )
    words = ["apply", "a.csv", "o.csv", "gain", "gain=1", "-s", "fs=1"]
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, names(tmp_path)) == (3, ["a.csv"]), done.stderr
    assert "o.json: No space left on device" in done.stderr


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.npz"])
def test_a_real_limit_on_the_size_of_files_is_a_full_disk(tmp_path, name):
    program = (
        "import resource, numpy as np\nfrom pipeline.io import open_writer\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        f"with open_writer({str(tmp_path / name)!r}, fs=8000, channels=1) as w:\n"
        "    w.write(np.random.default_rng(0).uniform(-1, 1, (50000, 1))); w.commit()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "DiskFullError" in done.stderr, done.stderr
    assert "No space left on device" in done.stderr
    assert names(tmp_path) == []


def test_a_name_that_is_taken_is_refused_at_open_and_at_commit(tmp_path):
    path = tmp_path / "x.wav"
    writer = open_writer(path, fs=8000, channels=1)
    path.write_bytes(b"came first")
    with pytest.raises(UsageError, match=r"x\.wav: exists already; give overwrite=True"):
        open_writer(path, fs=8000, channels=1)
    writer.write(noise(5, 1))
    with pytest.raises(UsageError, match=r"x\.wav: exists already"):
        writer.commit()
    assert path.read_bytes() == b"came first"
    assert names(tmp_path) == ["x.wav"]


def test_two_writers_of_one_name_do_not_collide(tmp_path):
    path = tmp_path / "x.wav"
    writers = [open_writer(path, fs=8000, channels=1, overwrite=True) for _ in range(8)]
    for k, writer in enumerate(writers):
        writer.write(np.full((1000, 1), k / 8))

    threads = [threading.Thread(target=writer.commit) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    x = read_signal(path)[0]
    assert len(x) == 1000
    assert np.ptp(x) == 0
    assert names(tmp_path) == ["x.wav"]


def test_without_hard_links_a_rename_does_it(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "no hard links on this file system")

    monkeypatch.setattr(os, "link", no_links)
    save(tmp_path / "x.wav", noise(5, 1))
    with open_writer(tmp_path / "y.wav", fs=8000, channels=1) as writer:
        writer.commit()
    assert names(tmp_path) == ["x.wav", "y.wav"]


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    real = tmp_path / "real.wav"
    link = tmp_path / "link.wav"
    real.write_bytes(b"old")
    link.symlink_to("real.wav")
    save(link, noise(5, 1))
    assert link.is_symlink()
    assert probe(real).frames == 5
    new = tmp_path / "dangling.wav"
    new.symlink_to("fresh.wav")
    save(new, noise(6, 1))
    assert probe(tmp_path / "fresh.wav").frames == 6


def test_the_new_file_has_the_permissions_of_the_umask(tmp_path):
    for mask, mode in ((0o022, 0o644), (0o077, 0o600)):
        old = os.umask(mask)
        try:
            save(tmp_path / f"{mode}.wav", noise(5, 1))
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / f"{mode}.wav").stat().st_mode) == mode


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.npy", "x.npz", "x.csv"])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, name, mode):
    path = tmp_path / name
    save(path, noise(5, 1))
    path.chmod(mode)
    save(path, noise(6, 1))
    assert (probe(path, fs=44_100).frames, stat.S_IMODE(path.stat().st_mode)) == (6, mode)


def begun(path, data):
    file = AtomicFile(path)
    file.write(data)
    return file


def test_names_given_together_wait_for_each_folder_once(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    names = [f"{folder}/{i}" for i in range(3) for folder in "ab"]
    with suppress(ZeroDivisionError), FolderSync() as folders:
        for name in names:
            begun(tmp_path / name, b"x").commit(folders)
        assert synced == [False] * 6
        raise ZeroDivisionError
    assert synced[6:] == [True, True]
    write_bytes(tmp_path / "a/x", b"x", overwrite=False)
    assert synced[8:] == [False, True]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_finished_file_is_whole_but_hidden_until_it_is_committed(tmp_path, monkeypatch, name):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for name_, ends in ((name, "commit"), (f"other{name}", "abort")):
        with open_writer(tmp_path / name_, fs=8000, channels=1) as writer:
            writer.write(noise(50, 1))
            report = writer.finish()
            assert {one.split(".")[-1] for one in names(tmp_path) if not one.startswith("x.")} == {"part"}
            assert writer.finish() is report
            with pytest.raises(ValueError, match="after commit or abort"):
                writer.write(noise(5, 1))
            getattr(writer, ends)()
    assert (tmp_path / name).stat().st_size == report.bytes
    assert names(tmp_path) == sorted({name, *(["x.json"] if name in ("x.csv", "x.npy") else [])})
    assert len(synced) == 2 * len(names(tmp_path))


def test_a_finished_file_takes_no_name_that_was_taken_meanwhile(tmp_path):
    file = begun(tmp_path / "a", b"ours")
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(UsageError, match="exists already"):
        file.commit()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"theirs"


def test_the_file_and_its_folder_are_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    save(tmp_path / "x.wav", noise(5, 1))
    assert synced == [False, True]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("missing/x.wav", WriteError, "the folder does not exist"),
        ("file/x.wav", WriteError, "part of the path is a file"),
        ("folder.wav", UsageError, "is a directory; give a file name"),
        ("n" * 252 + ".wav", WriteError, "name is too long"),
        ("nul\0.wav", WriteError, "NUL byte"),
        ("loop.wav", WriteError, "go round in a circle"),
    ],
)
def test_what_cannot_be_written_is_told_with_its_cause(tmp_path, name, error, words):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    before = names(tmp_path)
    with pytest.raises(error, match=words):
        open_writer(f"{tmp_path}/{name}", fs=8000, channels=1, overwrite=True)
    assert names(tmp_path) == before


def test_permission_denied_is_told(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "x.wav").write_bytes(b"")
    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(WriteError, match="permission denied"):
        open_writer(tmp_path / "y.wav", fs=8000, channels=1)
    with pytest.raises(ReadError, match="permission denied"):
        probe(tmp_path / "x.wav")


def test_a_long_name_and_a_name_that_is_no_utf8_work(tmp_path):
    for name in (b"n" * 251 + b".wav", b"caf\xe9.wav", "é".encode() * 124 + b".wav"):
        path = os.fsencode(tmp_path) + b"/" + name
        save(path, noise(5, 1))
        assert probe(path).frames == 5
        assert os.fsdecode(name) in names(tmp_path)
    assert len(names(tmp_path)) == 3


def test_same_file_sees_through_names_and_links(tmp_path):
    a = tmp_path / "a.wav"
    a.write_bytes(b"")
    (tmp_path / "soft.wav").symlink_to(a)
    os.link(a, tmp_path / "hard.wav")
    (tmp_path / "b.wav").write_bytes(b"")
    (tmp_path / "folder").symlink_to(tmp_path)
    for other in ("a.wav", "soft.wav", "hard.wav", "folder/a.wav", "folder/../" + tmp_path.name + "/a.wav"):
        assert same_file(a, tmp_path / other), other
    assert same_file(str(a).encode(), a)
    assert not same_file(a, tmp_path / "b.wav")
    assert not same_file(a, tmp_path / "none.wav")
    assert same_file(tmp_path / "none.wav", tmp_path / "folder" / "none.wav")
    assert not same_file("nul\0", a)


def test_a_device_is_written_straight_through():
    with open_writer("/dev/null", fs=8000, channels=1) as writer:
        writer.write(noise(5, 1))
        assert writer.commit().frames == 5
    full = open_writer("/dev/null", fs=8000, channels=1, fmt=OutputFormat("FLOAT"))
    full.abort()
    with pytest.raises(DiskFullError, match="No space left on device"):
        open_writer("/dev/full", fs=8000, channels=1)


def test_an_atomic_file_is_aborted_twice_without_harm(tmp_path):
    file = AtomicFile(tmp_path / "x.bin")
    file.write(b"123")
    file.abort()
    file.abort()
    assert names(tmp_path) == []


def test_bytes_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x.bin"
    write_bytes(path, b"first", overwrite=False)
    with pytest.raises(UsageError, match=r"x\.bin: exists already; give overwrite=True"):
        write_bytes(path, b"second", overwrite=False)
    write_bytes(path, b"third", overwrite=True)
    assert path.read_bytes() == b"third"

    def full(_fd, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFullError, match="No space left on device"):
        write_bytes(path, b"fourth", overwrite=True)
    assert path.read_bytes() == b"third"
    assert names(tmp_path) == ["x.bin"]


def test_whoever_writes_a_file_removes_what_killed_writers_of_it_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pipeline.write("in.wav", [0.1, 0.2], fs=8000)
    ways = {
        "b.wav": lambda: pipeline.bake([pipeline.Gain(gain=0.5)], "b.wav", fs=8000),
        "w.npy": lambda: pipeline.write("w.npy", [0.1], fs=8000),
        "w.json": lambda: None,
        "f.wav": lambda: pipeline.Pipeline([pipeline.Gain(gain=0.5)]).run_file("in.wav", "f.wav"),
        "s.wav": lambda: main(["sweep", "-o", "s.wav", "--length", "0.2s", "-q"]),
        "a.wav": lambda: main(["apply", "in.wav", "a.wav", "gain", "gain=1", "-q"]),
    }
    for name in ways:
        (tmp_path / f".{name}.01234567.part").touch()
    for way in ways.values():
        way()
    assert sorted(names(tmp_path)) == sorted([*ways, "in.wav", "s.json"])


def test_what_a_killed_writer_left_behind_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    target, long = tmp_path / "x.wav", tmp_path / ("y" * 251 + ".wav")
    alive = AtomicFile(target)
    alive.write(b"half")
    left = [".x.wav.01234567.part", "." + "y" * 240 + ".89abcdef.part"]
    kept = [".x.wav.0123456.part", ".z.wav.01234567.part", "x.wav.01234567.part", ".x.wav.01234567.part.txt"]
    for name in (*left, *kept):
        (tmp_path / name).touch()
    assert remove_left_behind([target, long, tmp_path / "none" / "x.wav"]) == 2
    assert not any((tmp_path / name).exists() for name in left)
    assert all((tmp_path / name).exists() for name in kept)
    alive.commit()
    assert target.read_bytes() == b"half"
