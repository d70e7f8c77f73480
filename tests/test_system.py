"""What differs between operating systems gives the same by each way there is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipeline import system
from pipeline.system import is_disk_full, lock_file, pread, pwrite


@pytest.mark.parametrize("has", [True, False], ids=["at once", "by the position"])
def test_bytes_are_read_and_written_at_a_place_and_the_position_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    monkeypatch.setattr(system, "_HAS_PREAD", has)
    monkeypatch.setattr(system, "_HAS_PWRITE", has)
    fd = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"0123456789")
    os.lseek(fd, 3, os.SEEK_SET)
    assert pwrite(fd, b"ab", 6) == 2
    assert [pread(fd, 4, 5), pread(fd, 4, 8), pread(fd, 4, 99)] == [b"5ab8", b"89", b""]
    assert os.lseek(fd, 0, os.SEEK_CUR) == 3
    os.close(fd)


@pytest.mark.skipif(system.fcntl is None, reason="here a lock is another")
def test_one_of_two_who_open_a_file_has_its_lock_until_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert [lock_file(one), lock_file(other), lock_file(one)] == [True, False, True]
    os.close(one)
    assert lock_file(other) is True

    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(system.fcntl, "flock", without_locks)
    assert lock_file(other) is None
    monkeypatch.setattr(system, "fcntl", None)
    monkeypatch.setattr(system, "msvcrt", None)
    assert lock_file(other) is None
    os.close(other)


@pytest.mark.parametrize(("number", "full"), [("ENOSPC", True), ("EDQUOT", True), ("EFBIG", True), ("EIO", False)])
def test_a_disk_is_full_where_no_more_fits_for_whatever_reason(number: str, full: bool) -> None:
    assert is_disk_full(OSError(getattr(errno, number), "why")) == full
