"""CWA written here sector by sector, against the samples and times that went in and what other readers make of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from faltung_axivity import CWA

from pipeline import find_matches
from pipeline.errors import ReadError
from pipeline.io import open_reader
from pipeline.testing import check_reader

T0 = datetime(2024, 3, 1, 22, 59, 58)
CODES = {12.5: 0x47, 25: 0x48, 50: 0x49, 100: 0x4A, 200: 0x4B}


def packed(time):
    return (
        (time.year - 2000) << 26 | time.month << 22 | time.day << 17 | time.hour << 12 | time.minute << 6 | time.second
    )


def sector(words, number, time, *, fs=100, form=0x32, exact=True, at=0, session=1, scale=0, rate=None, samples=None):
    """``words`` are the 480 bytes; ``time`` is that of sample ``at``."""
    raw = bytearray(512)
    whole = time.replace(microsecond=0)
    fraction = int(time.microsecond * 32768 // 1_000_000) | 0x8000 if exact else 7
    moved = ((fraction & 0x7FFF) << 1) * int(fs) >> 16 if exact else 0
    fields = [(0, 2, 0x5841), (2, 2, 508), (4, 2, fraction), (6, 4, session), (10, 4, number), (14, 4, packed(whole)),
              (18, 2, scale), (24, 1, CODES[fs] if rate is None else rate), (25, 1, form),
              (28, 2, len(words) // width(form) if samples is None else samples)]  # fmt: skip
    for start, size, value in fields:
        raw[start : start + size] = value.to_bytes(size, "little")
    raw[26:28] = (at - moved).to_bytes(2, "little", signed=True)
    raw[30 : 30 + len(words)] = words
    total = int(np.frombuffer(bytes(raw), "<u2").sum(dtype=np.uint16))
    raw[510:512] = (-total & 0xFFFF).to_bytes(2, "little")
    return bytes(raw)


def width(form):
    return 4 if form & 15 == 0 else 2 * (form >> 4)


def header():
    raw = bytearray(b"\xff" * 1024)
    raw[:4], raw[4:5], raw[35:37], raw[64:] = b"MD\xfc\x03", b"\x17", b"\x00\x4a", b" " * 960
    return bytes(raw)


def recording(x, *, fs=100, true=None, form=0x32, start=T0, exact=True, scale=0, skip=(), gaps=None):
    """Sectors of x, whose clock runs at ``true``; ``gaps`` are seconds before a sector."""
    each, late, out = 480 // width(form), 0.0, []
    for number, first in enumerate(range(0, len(x), each)):
        late += (gaps or {}).get(number, 0)
        part = np.asarray(x[first : first + each])
        words = pack(part) if form & 15 == 0 else part.astype("<i2").tobytes()
        time = start + timedelta(seconds=late + first / (true or fs))
        at = 0
        if not exact:  # the sample at which the next whole second begins
            at = int(np.ceil(((1_000_000 - time.microsecond) % 1_000_000) / 1e6 * (true or fs)))
            time += timedelta(microseconds=(1_000_000 - time.microsecond) % 1_000_000)
        if number not in skip:
            out.append(sector(words, number, time, fs=fs, form=form, exact=exact, at=at, scale=scale))
    return out


def pack(x):
    """10 bits an axis and a common power of two."""
    power = np.zeros(len(x), int)
    while (over := (np.abs((x >> power[:, None]) * 2 + 1) > 1023).any(axis=1)).any():
        power += over
    a = (x >> power[:, None]) & 0x3FF
    return (a[:, 0] | a[:, 1] << 10 | a[:, 2] << 20 | power << 30).astype("<u4").tobytes()


def noise(n, axes=3, seed=0):
    return np.random.default_rng(seed).integers(-500, 500, (n, axes))


def write(path, *parts):
    path.write_bytes(b"".join([header(), *(b"".join(one) if isinstance(one, list) else one for one in parts)]))
    return path


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        return np.concatenate(list(reader.blocks(step))), reader.info, reader.warnings


@pytest.mark.parametrize(("form", "axes"), [(0x32, 3), (0x30, 3), (0x62, 6)])
def test_contract(tmp_path, form, axes):
    x = noise(480 // (4 if form == 0x30 else 2 * axes) * 5, axes)
    scale = np.array([2000 / 32768] * (axes - 3) + [1 / 256] * 3)
    path = write(tmp_path / "a.cwa", recording(x, form=form))
    check_reader(CWA, path, x * scale, 100.0)


def test_axes_and_scales_of_an_ax6(tmp_path):
    x = noise(80, 6)
    path = write(tmp_path / "a.cwa", recording(x, form=0x62, scale=3 << 13 | 4 << 10 | 321))
    got, info, _ = read(path, 7)
    np.testing.assert_allclose(got, x * np.array([500 / 32768] * 3 + [1 / 2048] * 3), rtol=1e-15)
    assert info.names == ("gyro_x", "gyro_y", "gyro_z", "acc_x", "acc_y", "acc_z")


def test_packed_samples_share_a_power_of_two(tmp_path):
    x = np.array([[511, -512, 3], [4088, -4096, 8], [-1, 1, 0], [1000, -1000, 2]])
    got, _, _ = read(write(tmp_path / "a.cwa", sector(pack(x), 0, T0, form=0x30)))
    np.testing.assert_array_equal(got, np.array([[511, -512, 3], [4088, -4096, 8], [-1, 1, 0], [1000, -1000, 2]]) / 256)


@pytest.mark.parametrize("fs", [12.5, 25, 50, 100, 200])
@pytest.mark.parametrize("exact", [True, False])
def test_times_go_by_the_clock_of_the_device_and_the_rate_by_what_was_set(tmp_path, fs, exact):
    true = fs * 0.99
    parts = recording(noise(80 * 200), fs=fs, true=true, exact=exact, start=T0 + timedelta(milliseconds=250))
    path = write(tmp_path / "a.cwa", parts)
    _, info, warnings = read(path)
    clock = info.clocks[0]
    assert (info.fs, clock.zone) == (fs, None)
    assert clock.fs == pytest.approx(true, rel=1e-4)
    begin = (T0 - datetime(1970, 1, 1)).total_seconds() + 0.25
    for frame in (0, 1, 79, 80, 7_777, 15_999):
        assert clock.ns(frame) / 1e9 - begin == pytest.approx(frame / true, abs=(0.1 if exact else 1.1) / fs + 4e-5)
    assert any("its clock tells" in one for one in warnings)
    assert clock.local(0)[:22] == "2024-03-01T22:59:58.25" if exact else clock.utc(0) is None


@pytest.mark.parametrize("exact", [True, False])
def test_a_sector_that_is_missing_or_damaged_is_a_gap_at_its_place(tmp_path, exact):
    x = noise(80 * 50)
    parts = recording(x, true=99.0, exact=exact)
    damaged = [*parts[:20], parts[20][:100] + b"\x55" + parts[20][101:], *parts[21:]]
    for name, sectors in (("a", [*parts[:20], *parts[21:]]), ("b", damaged)):
        path = write(tmp_path / f"{name}.cwa", sectors)
        with pytest.raises(ReadError, match=r"a gap of (79|80|81) frames before frame 16\d\d; set gaps: nan"):
            open_reader(path)
        got, info, warnings = read(path, 33, gaps="nan")
        missing = np.isnan(got[:, 0]).sum()
        np.testing.assert_array_equal(got[~np.isnan(got[:, 0])] * 256, np.delete(x, np.s_[1600:1680], axis=0))
        assert abs(missing - 80) <= (0 if exact else 1)
        assert any("1 sector with a wrong checksum" in one for one in warnings) == (name == "b")
        assert info.clocks[0].ns(1600 + missing) / 1e9 % 86400 == pytest.approx(
            (22 * 60 + 59) * 60 + 58 + 1680 / 99, abs=0.011 if not exact else 1e-3
        )


def test_a_pause_is_a_gap_and_a_step_behind_it_has_its_time(tmp_path):
    x = noise(80 * 60).astype(float)
    call = np.stack([np.sin(np.arange(40.0) ** 1.5 + k) for k in range(3)], 1)
    x[4000:4040] = np.rint(10_000 * call)
    path = write(tmp_path / "a.cwa", recording(x, gaps={30: 600.5}))
    found = find_matches(path, call[:, 0].tolist(), threshold=0.999, gaps="nan")
    assert [(one.channel, one.start_frame, one.start_utc) for one in found] == [(0, 4000 + 60_050, None)]
    told = datetime.fromisoformat(found[0].start_local)
    assert abs((told - datetime(2024, 3, 1, 23, 10, 38, 500_000)).total_seconds()) < 4e-5


def test_a_clock_that_was_set_back_is_refused(tmp_path):
    with pytest.raises(ReadError, match=r"its clock goes back by (100|99\.99\d*) s before sector 5"):
        open_reader(write(tmp_path / "a.cwa", recording(noise(800), gaps={5: -100})))


def test_what_was_never_written_is_passed_over_and_a_sector_that_is_cut_is_an_error(tmp_path):
    x = noise(800)
    path = write(tmp_path / "a.cwa", recording(x), b"\xff" * 1024)
    got, _, warnings = read(path)
    np.testing.assert_array_equal(got * 256, x)
    assert warnings == ["2 sectors of another form or without samples passed over"]
    path.write_bytes(path.read_bytes()[: 1024 + 512 * 9 + 100])
    with pytest.raises(ReadError, match="its last sector is cut: 100 of 512 bytes are there; set truncated: accept"):
        open_reader(path)
    assert len(read(path, truncated="accept")[0]) == 720
    with pytest.raises(ReadError, match="holds no sector of samples that is whole"):
        open_reader(write(tmp_path / "b.cwa", b"\xff" * 1024))


def test_forms_that_are_not_known_and_counts_that_do_not_fit(tmp_path):
    with pytest.raises(ReadError, match="has samples of 9 axes in packing 2, which is not known"):
        open_reader(write(tmp_path / "a.cwa", sector(bytes(18), 0, T0, form=0x92)))
    with pytest.raises(ReadError, match="a sector declares 81 samples, 480 bytes hold 80"):
        open_reader(write(tmp_path / "b.cwa", sector(bytes(480), 0, T0, samples=81)))


def unset(raw, **fields):
    """A sector with other fields, and its checksum."""
    raw = bytearray(raw[:510])
    for at, value in fields.items():
        raw[int(at[1:]) : int(at[1:]) + len(value)] = value
    return bytes(raw) + (-int(np.frombuffer(bytes(raw), "<u2").sum(dtype=np.uint16)) & 0xFFFF).to_bytes(2, "little")


def test_a_clock_that_was_never_set_tells_no_time_and_sectors_are_counted(tmp_path):
    x = noise(80 * 10)
    parts = [unset(one, _14=bytes(4)) for one in recording(x)]
    got, info, warnings = read(write(tmp_path / "a.cwa", parts))
    np.testing.assert_array_equal(got * 256, x)
    assert (info.clocks, "its sectors tell no time" in warnings[0]) == ((), True)
    got, _, _ = read(write(tmp_path / "b.cwa", parts[:3], parts[5:]), gaps="nan")
    assert np.flatnonzero(np.isnan(got[:, 0])).tolist() == [*range(240, 400)]


def test_the_oldest_form_has_its_rate_in_the_place_of_the_offset(tmp_path):
    x = noise(80 * 10)
    seconds = [T0 + timedelta(seconds=k) for k in range(10)]  # 80 Hz, each sector a second
    parts = [
        unset(sector(x[80 * k : 80 * k + 80].astype("<i2").tobytes(), k, time, exact=False), _24=b"\0", _26=b"\x50\0")
        for k, time in enumerate(seconds)
    ]
    _, info, _ = read(write(tmp_path / "a.cwa", parts))
    assert (info.fs, info.clocks[0].local(400)) == (80.0, "2024-03-01T23:00:03.000000")


def test_damage_anywhere_is_an_error_of_the_file_or_a_gap(tmp_path):
    x = noise(80 * 12)
    data = write(tmp_path / "a.cwa", recording(x)).read_bytes()
    draw = np.random.default_rng(5)
    refused = foreign = 0
    for _ in range(150):
        raw = bytearray(data)
        for at in draw.integers(0, len(raw), 3):
            raw[at] ^= 1 << int(draw.integers(8))
        (tmp_path / "b.cwa").write_bytes(raw)
        try:
            read(tmp_path / "b.cwa")
        except ReadError as error:
            refused += 1
            foreign += error.of_plugin
    assert (refused > 100, foreign) == (True, 0)


# ---- other readers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "axes"), [(0x32, 3), (0x30, 3), (0x62, 6)])
def test_samples_and_times_are_those_of_openmovement(tmp_path, form, axes):
    """Of whole seconds alone: with fractions it raises, or tells other times (findings/openmovement-fraction.sh)."""
    cwa_load = pytest.importorskip("openmovement.load.cwa_load", reason="openmovement is not installed")
    x = noise(480 // (4 if form == 0x30 else 2 * axes) * 40, axes)
    path = write(tmp_path / "a.cwa", recording(x, form=form, true=99.0, exact=False, scale=2 << 10 if axes == 6 else 0))
    got, info, _ = read(path)
    with cwa_load.CwaData(str(path)) as data:
        theirs = data.get_sample_values()
    order = [3, 4, 5, 0, 1, 2] if axes == 6 else [0, 1, 2]
    np.testing.assert_allclose(got[:, order], theirs[:, 1:], rtol=1e-12)
    ours = np.array([info.clocks[0].ns(frame) for frame in range(len(x))]) / 1e9
    inner = slice(200, -200)  # np.interp holds the first and the last time that is told
    assert np.abs(ours - theirs[:, 0])[inner].max() < 0.011


@pytest.mark.parametrize(("form", "axes"), [(0x32, 3), (0x62, 6)])
def test_samples_and_times_are_those_of_actfast(tmp_path, form, axes):
    """At the first sample of each sector: it spaces the others by the rate that was set, in jumps."""
    actfast = pytest.importorskip("actfast", reason="actfast is not installed")
    x, each = noise(480 // (2 * axes) * 40, axes), 480 // (2 * axes)
    path = write(tmp_path / "a.cwa", recording(x, form=form, true=99.0, scale=2 << 10 if axes == 6 else 0))
    got, info, _ = read(path)
    theirs = actfast.read(path)["timeseries"]["high_frequency"]
    np.testing.assert_allclose(got[:, -3:], theirs["acceleration"], rtol=1e-6)
    apart = np.array([info.clocks[0].ns(frame) for frame in range(len(x))]) - theirs["datetime"]
    assert np.abs(apart[::each]).max() < 40_000
    jumps = np.arange(len(x)) % each * (1 / 99 - 1 / 100) * 1e9
    np.testing.assert_allclose(apart, jumps, atol=40_000)
