"""Files in stores: the same bits as on the disk, and no fault of a store that costs a file or shortens a signal."""

from __future__ import annotations

import errno
import io
import os
import re
import socket
import ssl
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_remote import reasons
from faltung_remote import stores as module

from pipeline import Pipeline
from pipeline.config.inputs import expand_inputs, input_root
from pipeline.config.outputs import OutputTemplate, plan_outputs
from pipeline.errors import ReadError, UsageError, WriteError
from pipeline.io import Remote, is_remote, open_reader, open_writer, same_file
from pipeline.text import without_secrets
from tests.cli.conftest import ECHO, faltung, place  # noqa: F401

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'faltung[remote]'")


def output_path(template, source, base=None, root=None):
    return OutputTemplate(template, base, root).path(source)


class Download(io.RawIOBase):
    """What a store sends: it may break off, or end early."""

    def __init__(self, data, ends, breaks):
        self.data, self.at, self.ends, self.breaks = data, 0, ends, breaks

    def readable(self):
        return True

    def read(self, count=-1):
        if self.breaks is not None and self.at >= self.breaks:
            raise OSError("connection reset by peer")
        stop = len(self.data) if self.ends is None else self.ends
        block = self.data[self.at : min(self.at + count, stop)]
        self.at += len(block)
        return block


class Upload:
    """What a store takes: it can be written to in order, and closed; nothing else."""

    def __init__(self, fs, path):
        self.fs, self.path, self.parts, self.gone = fs, path, [], False

    def write(self, data):
        if self.fs.full_after is not None and sum(map(len, self.parts)) >= self.fs.full_after:
            raise RuntimeError("SlowDown: please reduce your request rate")
        self.parts.append(bytes(data))
        return len(data)

    def discard(self):
        self.gone = True
        self.fs.discarded.append(self.path)

    def close(self):
        if self.fs.close_fails:
            raise ConnectionError("the upload was not completed")
        if not self.gone:
            self.fs.files[self.path] = b"".join(self.parts)[: self.fs.keeps]


class Shop(fsspec.AbstractFileSystem):
    """A store with faults to order."""

    protocol = "shop"
    cachable = False
    files: dict[str, bytes] = {}  # noqa: RUF012
    discarded: list[str] = []  # noqa: RUF012
    ends = breaks = full_after = keeps = None
    close_fails = sizeless = rename_fails = False

    def info(self, path, **kwargs):
        path = self._strip_protocol(path)
        if path in self.files:
            size = None if self.sizeless else len(self.files[path])
            return {"name": path, "size": size, "type": "file"}
        if path == "a/broken.wav":  # as fsspec says it over HTTP
            raise FileNotFoundError(path) from ConnectionResetError("connection reset by peer")
        if any(name.startswith(path + "/") for name in self.files):
            return {"name": path, "size": 0, "type": "directory"}
        raise FileNotFoundError(path)

    def ls(self, path, detail=True, **kwargs):
        path = self._strip_protocol(path)
        below = {name[len(path) + 1 :].split("/")[0] for name in self.files if name.startswith(path + "/")}
        found = [self.info(f"{path}/{name}") for name in below] or [self.info(path)]
        return found if detail else [one["name"] for one in found]

    def _open(self, path, mode="rb", **kwargs):
        return Upload(self, path) if mode == "wb" else Download(self.files[path], self.ends, self.breaks)

    def cp_file(self, path1, path2, **kwargs):
        if self.rename_fails:
            raise PermissionError("AccessDenied")
        self.files[path2] = self.files[path1]

    def rm_file(self, path):
        del self.files[path]


@pytest.fixture
def shop(monkeypatch):
    """An empty shop whose blocks are small, so that each file is many of them."""
    fsspec.register_implementation("shop", Shop, clobber=True)
    monkeypatch.setattr(Shop, "files", {})
    monkeypatch.setattr(Shop, "discarded", [])
    monkeypatch.setattr(module, "BLOCK_BYTES", 1000)
    return Shop


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    yield fs
    fs.store.clear()


@pytest.fixture
def take(tmp_path):
    path = tmp_path / "take.wav"
    sf.write(path, 0.1 * np.random.default_rng(3).uniform(-1, 1, (5000, 2)), 8000, subtype="PCM_16")
    return path


PIPE = Pipeline([{"use": "echo", "delay": "10 ms", "gain": 0.5, "repeats": 2}])


@pytest.mark.parametrize("name", ["y.wav", "y.flac", "y.aiff", "y.ogg", "y.csv", "y.npy", "y.npz"])
@pytest.mark.parametrize("store", ["memory://hall/", "shop://hall/"])
def test_both_ways_give_the_bits_of_a_local_run(memory, shop, take, tmp_path, store, name):
    PIPE.run_file(take, tmp_path / name)
    fs = fsspec.filesystem(store.partition(":")[0])
    file = fs.open(store + "take.wav", "wb")
    file.write(take.read_bytes())
    file.close()
    report = PIPE.run_file(store + "take.wav", store + name)
    assert fs.open(store + name, "rb").read(10**9) == (tmp_path / name).read_bytes()
    assert (report.source, report.written.path) == (store + "take.wav", store + name)
    held = {name.rpartition("/")[2] for name in fs.find(store)}
    assert held - {"y.json"} == {"take.wav", name}, "nothing else is left there"
    assert ("y.json" in held) == (tmp_path / "y.json").exists()


def test_a_table_goes_both_ways_with_its_sidecar(memory, take):
    PIPE.run_file(take, "memory://a/y.npy")
    with open_reader("memory://a/y.npy") as reader:
        assert (reader.info.fs, reader.info.channels) == (8000.0, 2)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"breaks": 3000}, "shop://a/take.wav: connection reset by peer"),
        ({"ends": 3000}, "shop://a/take.wav: has 20044 bytes, 3000 were read; it changed, or the connection broke"),
        ({"ends": 20043}, "has 20044 bytes, 20043 were read"),
    ],
)
def test_a_read_that_stops_in_the_middle_is_an_error_and_costs_nothing(shop, take, monkeypatch, fault, said):
    shop.files.update({"a/take.wav": take.read_bytes(), "a/y.wav": b"old"})
    for name, value in fault.items():
        monkeypatch.setattr(shop, name, value)
    with pytest.raises(ReadError, match=said):
        PIPE.run_file("shop://a/take.wav", "shop://a/y.wav", overwrite=True)
    assert shop.files == {"a/take.wav": take.read_bytes(), "a/y.wav": b"old"}


def test_a_store_that_sends_more_than_it_declares_is_an_error(shop, take, monkeypatch):
    shop.files["a/take.wav"] = take.read_bytes()
    real = shop.info
    monkeypatch.setattr(shop, "info", lambda self, path, **_: {**real(self, path), "size": 19_000})
    with pytest.raises(ReadError, match=r"take\.wav: has 19000 bytes, 20044 were read; it changed"):
        open_reader("shop://a/take.wav")


def test_a_version_is_the_size_and_the_surest_mark_of_the_store(shop, monkeypatch):
    url = Remote("shop://a/take.wav")
    assert url.version() is None
    shop.files["a/take.wav"] = b"1234"
    assert url.version() == {"bytes": 4, "mark": None}
    real, marks = shop.info, {"created": 3, "mtime": 2.5}
    monkeypatch.setattr(shop, "info", lambda self, path, **_: {**real(self, path), **marks})
    assert url.version() == {"bytes": 4, "mark": "2.5"}
    marks["ETag"] = "abc"
    assert url.version() == {"bytes": 4, "mark": "abc"}


def test_an_upload_is_measured_as_it_is_and_not_as_it_was_remembered(shop, take, monkeypatch):
    real, seen = shop.info, {}

    def remembered(self, path, **_):
        path = self._strip_protocol(path)
        if path not in seen:
            try:
                seen[path] = real(self, path)
            except FileNotFoundError as error:
                seen[path] = error
        if isinstance(seen[path], FileNotFoundError):
            raise seen[path]
        return seen[path]

    monkeypatch.setattr(shop, "info", remembered)
    monkeypatch.setattr(shop, "invalidate_cache", lambda self, path=None: seen.clear())
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: "same")
    with pytest.raises(FileNotFoundError):
        shop().info("shop://a/.same.part")
    report = PIPE.run_file(take, "shop://a/y.wav")
    assert report.written.bytes == len(shop.files["a/y.wav"])


def test_a_store_that_declares_no_size_is_read_to_its_end_and_an_upload_counted(shop, take, monkeypatch):
    shop.files["a/take.wav"] = take.read_bytes()
    monkeypatch.setattr(shop, "sizeless", True)
    PIPE.run_file("shop://a/take.wav", "shop://a/y.wav")
    with open_reader("shop://a/y.wav") as reader:
        assert reader.info.frames == 5160
    monkeypatch.setattr(shop, "keeps", 19_000)
    with pytest.raises(WriteError, match=r"z\.wav: \d+ bytes were sent, the store holds 19000"):
        PIPE.run_file("shop://a/take.wav", "shop://a/z.wav")
    assert sorted(shop.files) == ["a/take.wav", "a/y.wav"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"full_after": 0}, "the store is asked too often; try again later, or with fewer jobs"),
        ({"full_after": 9000}, "the store is asked too often; try again later, or with fewer jobs"),
        ({"close_fails": True}, "the upload was not completed"),
        ({"keeps": 5000}, r"\d+ bytes were sent, the store holds 5000"),
        ({"rename_fails": True}, "permission denied"),
    ],
)
@pytest.mark.parametrize("name", ["y.wav", "y.flac"])
def test_an_upload_that_fails_leaves_the_old_object_and_nothing_else(shop, take, monkeypatch, fault, said, name):
    shop.files["a/" + name] = b"old"
    for key, value in fault.items():
        monkeypatch.setattr(shop, key, value)
    with pytest.raises(WriteError, match=rf"shop://a/{name}: {said}"):
        PIPE.run_file(take, "shop://a/" + name, overwrite=True)
    assert shop.files == {"a/" + name: b"old"}
    assert len(shop.discarded) == ("full_after" in fault or "close_fails" in fault), "the store is told to forget"


def test_an_input_that_is_not_finite_uploads_nothing(shop, tmp_path):
    x = np.zeros((5000, 1))
    x[4000] = np.nan
    sf.write(tmp_path / "x.wav", x, 8000, subtype="DOUBLE")
    with pytest.raises(Exception, match="frame 4000"):
        PIPE.run_file(tmp_path / "x.wav", "shop://a/y.wav")
    assert shop.files == {}


def test_no_temporary_file_stays_here_whatever_ends_the_run(shop, take, tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    shop.files["a/take.wav"] = take.read_bytes()
    before = len(list(Path("/dev/fd").iterdir()))
    PIPE.run_file("shop://a/take.wav", "shop://a/y.wav")
    assert len(list(Path("/dev/fd").iterdir())) == before
    with open_writer("shop://a/x.wav", fs=8000, channels=1) as writer:
        writer.write(np.zeros((10, 1)))
        assert list(folder.iterdir()) == [], "a file without a name goes with its process"
    monkeypatch.setattr(shop, "close_fails", True)
    with pytest.raises(WriteError):
        PIPE.run_file("shop://a/take.wav", "shop://a/z.wav")
    assert list(folder.iterdir()) == []


def test_an_existing_output_is_refused_before_and_when_it_appears_meanwhile(shop, take):
    shop.files["a/y.wav"] = b"old"
    with pytest.raises(UsageError, match=r"shop://a/y\.wav: exists already; give overwrite=True, or give another name"):
        PIPE.run_file(take, "shop://a/y.wav")
    writer = open_writer("shop://a/z.wav", fs=8000, channels=1)
    writer.write(np.zeros((10, 1)))
    shop.files["a/z.wav"] = b"another's"
    with pytest.raises(UsageError, match=r"shop://a/z\.wav: exists already"):
        writer.commit()
    assert shop.files == {"a/y.wav": b"old", "a/z.wav": b"another's"}


def test_an_output_that_is_the_input_is_refused(memory, shop, take):
    memory.pipe("/a/take.wav", take.read_bytes())
    with pytest.raises(UsageError, match="the output is an input; give it another name"):
        PIPE.run_file("memory://a/take.wav", "memory:///a/take.wav", overwrite=True)
    assert same_file("shop://a/x", "shop://a/x")
    assert not same_file("shop://a/x", "shop://a//x")
    assert not same_file("shop://a/x", "memory://a/x")
    assert not same_file("/a/x", "memory://a/x")


def test_names_with_brackets_are_names(memory, take):
    memory.pipe("/[a]/take[1].wav", take.read_bytes())
    PIPE.run_file("memory://[a]/take[1].wav", "memory://[b]/y[*].wav")
    assert memory.isfile("/[b]/y[*].wav")
    assert expand_inputs(["memory://[a]/take[1].wav"]) == [Remote("memory://[a]/take[1].wav")]


def test_a_report_of_a_file_in_a_store_tells_no_secret(take, memory):
    memory.pipe("/me:secret@a/take.wav", take.read_bytes())
    report = PIPE.run_file("memory://me:secret@a/take.wav", "memory://me:secret@a/y.wav")
    assert report.source == "memory://***@a/take.wav"
    assert "secret" not in repr((report.source, report.warnings, report.written))


@pytest.mark.parametrize("path", ["s3://b/x.wav", "S3://b", "memory://x", "https://h/x", "git+ssh://h/x", b"gs://b/x"])
def test_a_url_is_remote(path):
    assert is_remote(path)


@pytest.mark.parametrize(
    "path", ["x.wav", "/a//b", "s3:/b/x", "a/s3://x", "file:///x.wav", "://x", "-", b"x", Path("x")]
)
def test_a_path_is_not(path):
    assert not is_remote(path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nostore://a/x.wav", "no store is known for nostore://; known are s3://"),
        ("memroy://a/x.wav", r"no store is known for memroy://; did you mean memory://\?"),
        ("zip://x.wav", "zip:// is for what lies in another file; give that file, or unpack it"),
        ("shop://a/../x.wav", r"nor '\.' or '\.\.' between slashes"),
        ("zip://x.wav::shop://a.zip", "a URL cannot hold '::'"),
        ("shop://a/gone.wav", r"shop://a/gone\.wav: no such file"),
        ("shop://a/broken.wav", r"shop://a/broken\.wav: the connection broke off; try again"),
    ],
)
def test_a_url_that_leads_nowhere(shop, url, said):
    with pytest.raises((UsageError, ReadError), match=said):
        open_reader(url)


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(
        UsageError, match=r"s3://b/x\.wav: remote files need more libraries: pip install 'faltung\[remo"
    ):
        open_reader("s3://b/x.wav")


@pytest.mark.parametrize(
    ("protocol", "said", "fix"),
    [
        ("s3", "Install s3fs to access S3", "pip install 'faltung[remote]'"),
        ("gs", "Please install gcsfs to access Google Storage", "pip install gcsfs"),
        ("https", 'HTTPFileSystem requires "requests" and "aiohttp" to be installed', "pip install requests aiohttp"),
        ("gist", "Install the requests package to use the gist FS", "pip install requests"),
        ("x", "", "pip install 'faltung[remote]'"),
    ],
)
def test_the_package_that_reaches_a_kind_of_store_is_named(protocol, said, fix):
    assert reasons.to_install(protocol, ImportError(said)) == fix


def raised(name, base=Exception, *args, cause=None, **held):
    """An error as another library raises it: its class's name, what it holds and what it comes from."""
    error = type(name, (base,), {})(*args)
    vars(error).update(held)
    error.__cause__ = cause
    return error


def of_s3(code, status):
    return {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError("x"), "no such file"),
        (raised("Not", FileNotFoundError, "u", cause=raised("ClientResponseError", status=404)), "no such file"),
        (
            raised("Not", FileNotFoundError, "u", cause=raised("ClientResponseError", status=403)),
            "permission denied; a key",
        ),
        (
            raised("ClientResponseError", Exception, "401, message='x'", status=401),
            "wants to know who asks; give it a user",
        ),
        (
            raised("HTTPError", OSError, response=raised("Response", status_code=503)),
            "the store fails, HTTP 503; try again",
        ),
        (raised("HttpError", code=429), "asked too often; try again later"),
        (raised("HttpResponseError", status_code=418), "the store refuses, HTTP 418"),
        (
            raised("ClientError", Exception, "An error", response=of_s3("NoSuchBucket", 404)),
            "there is no such bucket; is its",
        ),
        (FileNotFoundError("b"), "no such file"),
        (raised("ClientError", Exception, "An error", response=of_s3("404", 404)), "^no such file$"),
        (PermissionError(13, "Forbidden"), "permission denied; a key may lack the right"),
        (raised("NoCredentialsError", Exception, "Unable to locate"), "no key to the store is known; give one"),
        (
            raised(
                "ClientConnectorError", OSError, os_error=OSError(errno.ECONNREFUSED, "Connect call failed ('::1', 1)")
            ),
            "nothing listens there; are host and port right",
        ),
        (
            raised("ClientConnectorDNSError", OSError, os_error=socket.gaierror(-2, "x")),
            "no machine of this name is known",
        ),
        (
            raised("ConnectionError", OSError, raised("MaxRetryError", reason=raised("NameResolutionError"))),
            "no machine of this name is known; is it right",
        ),
        (
            raised("EndpointConnectionError", Exception, "x", kwargs={"error": OSError(errno.ECONNREFUSED, "x")}),
            "nothing listens there",
        ),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "no safe connection could be made; is it https"),
        (TimeoutError(), "did not answer in time; try again later"),
        (raised("ContentLengthError", Exception, "Not enough", status=400), "the connection broke off; try again"),
        (raised("BadStatusLine", Exception, "x", code=400), "does not speak HTTP; are host and port right"),
        (raised("TooManyRedirects", status=302), "without end; give the URL of the file itself"),
        (NotImplementedError(), "such a store cannot do that; it is read, but not written"),
        (ValueError("Port out of range 0-65535"), "is no URL that a store has; are host and port right"),
        (
            TypeError("Databricks.__init__() missing 2 required"),
            "needs settings that a URL does not hold; put them into",
        ),
        (ConnectionResetError("x"), "the connection broke off; try again"),
        (RuntimeError("w " * 300), r"^(w ){98}w\.\.\.$"),
        (KeyError(), "the store's library fails with KeyError"),
    ],
)
def test_what_a_library_of_a_store_raises_is_said_in_words(error, said):
    told = reasons.reason_of(error)
    assert re.search(said, told), told
    assert len(told) <= 200


def test_an_input_that_a_store_does_not_give_fails_alone_and_with_its_cause(shop, faltung, place):  # noqa: F811
    (place / "store.yaml").write_text(ECHO.replace("in.wav", "[in.wav, 'shop://a/broken.wav']"), "utf-8")
    done = faltung("run", "store.yaml")
    assert (done.code, (place / "out/in-echo.wav").exists()) == (1, True)
    assert "shop://a/broken.wav: the connection broke off; try again" in done.err
    one = faltung("match", "in.wav", "-t", "shop://a/broken.wav")
    assert (one.code, one.err) == (2, "--template: must be a path on this machine, got the URL 'shop://a/broken.wav'\n")


def test_what_may_not_be_looked_at_may_be_written_and_is_said_to_be_shut_when_it_is_read(shop, take, monkeypatch):
    real = shop.info

    def shut(self, path, **known):
        if self._strip_protocol(path) == "a/new.wav" and "a/new.wav" not in self.files:
            raise PermissionError("Forbidden")
        return real(self, path, **known)

    monkeypatch.setattr(shop, "info", shut)
    assert expand_inputs(["shop://a/new.wav"]) == [Remote("shop://a/new.wav")]
    with pytest.raises(ReadError, match=r"shop://a/new\.wav: permission denied; a key may lack the right"):
        open_reader("shop://a/new.wav")
    PIPE.run_file(take, "shop://a/new.wav")
    assert "a/new.wav" in shop.files


def test_a_signed_url_is_no_pattern(shop):
    with pytest.raises(UsageError, match=r"the input 'shop://\*\*\*@a/gone\.wav\?\*\*\*' does not exist"):
        expand_inputs(["shop://u:p@a/gone.wav?X-Sig=[b]"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sftp://me:p@ss@host/a.wav: gone", "sftp://***@host/a.wav: gone"),
        ("https://h/a.wav?X-Token=s3cr/et&b=1: gone", "https://h/a.wav?***: gone"),
        ("('https://h/a.wav?sig=x', 'https://u@h/b')", "('https://h/a.wav?***', 'https://***@h/b')"),
        ("s3://b/take?.wav and s3://b/x@2.wav stay", "s3://b/take?.wav and s3://b/x@2.wav stay"),
        ("s3://b/a.wav?k3y.ab, s3://b/a.wav#k3y.wav", "s3://b/a.wav?***, s3://b/a.wav#***"),
        ("me@host: a?b=c", "me@host: a?b=c"),
    ],
)
def test_no_message_holds_credentials(text, shown):
    assert without_secrets(text) == shown
    assert str(UsageError(text)) == shown
    assert str(ReadError(text, text)) == f"{shown}: {shown}"


def test_a_remote_is_shown_without_credentials_and_opened_with_them():
    file = Remote("https://me:pw@host/a/take.one.wav?token=abc")
    assert str(file) == f"{file}" == "https://***@host/a/take.one.wav?***"
    assert os.fspath(file) == "https://me:pw@host/a/take.one.wav?token=abc"
    assert (file.name, file.stem, file.suffix) == ("take.one.wav", "take.one", ".wav")
    assert file.folder == "/https:/***@host/a"


def test_patterns_find_files_in_order_and_pass_by_hidden_ones(memory, shop):
    for name in ("b.wav", "a.wav", ".hidden.wav", "sub/c.wav", "sub/deep/d.wav", "sub/.git/e.wav", "x.txt"):
        memory.pipe(f"/t/{name}", b"")
        shop.files[f"t/{name}"] = b""
    for scheme in ("memory", "shop"):
        found = [os.fspath(one) for one in expand_inputs([f"{scheme}://t/*.wav"])]
        assert found == [f"{scheme}://t/a.wav", f"{scheme}://t/b.wav"]
        found = [os.fspath(one) for one in expand_inputs([f"{scheme}://t/**/*.wav"])]
        assert [name.rpartition("t/")[2] for name in found] == ["a.wav", "b.wav", "sub/c.wav", "sub/deep/d.wav"]
    assert [one.name for one in expand_inputs(["shop://t/.*.wav"])] == [".hidden.wav"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("shop://t/*.flac", r"the pattern 'shop://t/\*\.flac' matches no file"),
        ("shop://t", r"the input 'shop://t' is a folder; name its files, such as 'shop://t/\*\.wav'"),
        ("shop://t/b.wav", r"the input 'shop://t/b\.wav' does not exist"),
        ("${NOT_SET_1}://t", "NOT_SET_1"),
    ],
)
def test_an_input_that_is_not_there(shop, pattern, said):
    shop.files["t/a.wav"] = b""
    with pytest.raises(UsageError, match=said):
        expand_inputs([pattern])


def test_file_urls_are_paths_of_this_machine(take, tmp_path):
    assert expand_inputs([f"file://{take}"]) == [take]
    assert output_path(f"file://{tmp_path}/out/{{stem}}.wav", take) == tmp_path / "out/take.wav"


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("s3://b/out/{stem}-y.wav", "s3://b/out/c-y.wav"),
        ("s3://b/{parent}/{name}", "s3://b/two/c.wav"),
        ("s3://b//odd/{relative}/{stem}.{ext}", "s3://b//odd/one/two/c.wav"),
    ],
)
def test_names_of_a_template_for_a_url(template, output):
    sources = [Remote("s3://in/t/one/two/c.wav"), Path("one/two/c.wav")]
    roots = [input_root(["s3://in/t/**/*.wav"]), Path.cwd()]
    for source, root in zip(sources, roots, strict=True):
        assert output_path(template, source, root=root) == Remote(output)


def test_relative_of_a_url_works_for_local_outputs_and_for_a_shared_root(tmp_path):
    a, c = Remote("s3://in/t/a/x.wav"), Remote("s3://in/t/c/x.wav")
    assert input_root(["s3://in/t/a/*.wav", "s3://in/t/c/x.wav"]) == Path("/s3:/in/t")
    planned = plan_outputs([a, c], "out/{relative}/{name}", base=tmp_path)
    assert [target for _, target in planned] == [tmp_path / "out/a/x.wav", tmp_path / "out/c/x.wav"]
    assert output_path("s3://b/{relative}/{name}", a) == Remote("s3://b/x.wav")


def test_urls_collide_as_paths_do(tmp_path):
    both = [Remote("s3://in/a/x.wav"), tmp_path / "x.wav"]
    with pytest.raises(UsageError, match=r"s3://in/a/x\.wav, .*/x\.wav -> s3://out/x\.wav"):
        plan_outputs(both, "s3://out/{name}")
    with pytest.raises(UsageError, match="one name where case or composition does not count"):
        plan_outputs([Remote("s3://in/A.wav"), Remote("s3://in/a.wav")], "s3://out/{name}")


@pytest.mark.parametrize(
    ("template", "source", "said"),
    [
        ("s3://b/out/{relative}/{name}", Path("/t/../up/x.wav"), "outside s3://b/out/"),
        ("s3://b/../{name}", Path("x.wav"), "outside s3://b/../"),
        ("s3://b/out/", Path("x.wav"), "names no file"),
        ("s3://b/{name}", Path(os.fsdecode(b"caf\xe9.wav")), "a name that is not UTF-8"),
        ("s3://b/{name}", Path("a::b.wav"), "a URL cannot hold '::'"),
    ],
)
def test_no_output_leaves_its_folder_in_a_store(template, source, said):
    with pytest.raises(UsageError, match=said):
        open_writer(os.fspath(output_path(template, source, root="/t/other")), fs=1, channels=1)


def test_the_command_runs_local_and_remote_files_together(memory, faltung, place):  # noqa: F811
    memory.pipe("/takes/b.wav", (place / "in.wav").read_bytes())
    done = faltung("run", "echo.yaml", "in.wav", "memory://takes/*.wav", "-o", "memory://out/{stem}.wav", "--json")
    assert (done.code, done.err) == (0, "")
    assert [one["output"] for one in done.json["files"]] == ["memory://out/in.wav", "memory://out/b.wav"]
    assert faltung("run", "echo.yaml").code == 0
    assert memory.cat("/out/b.wav") == memory.cat("/out/in.wav") == (place / "out/in-echo.wav").read_bytes()

    again = faltung("run", "echo.yaml", "memory://takes/b.wav", "-o", "memory://out/{stem}.wav")
    assert (again.code, again.out) == (2, "")
    assert again.err == "faltung: memory://out/b.wav: exists already; give --overwrite to replace it\n"
    over = faltung("run", "echo.yaml", "memory://takes/b.wav", "-o", "memory:///takes/{name}", "--overwrite")
    assert (over.code, memory.cat("/takes/b.wav")) == (2, (place / "in.wav").read_bytes())
    assert "memory:///takes/b.wav: the output is an input" in over.err
    plan = faltung("plan", "echo.yaml", "memory://takes/b.wav", "-o", "memory://out/{stem}.flac")
    assert plan.code == 0
    assert "memory://out/b.flac" in plan.out


def test_one_remote_file_that_fails_does_so_alone(shop, faltung, place, monkeypatch):  # noqa: F811
    good = (place / "in.wav").read_bytes()
    shop.files.update({"t/a.wav": good[:1000], "t/b.wav": good})
    (place / "store.yaml").write_text(ECHO.replace("in.wav", "shop://t/*.wav").replace("out/", "shop://out/"), "utf-8")
    done = faltung("run", "store.yaml")
    assert done.code == 1
    assert "shop://t/a.wav: declares" in done.err
    assert sorted(shop.files) == ["out/b-echo.wav", "t/a.wav", "t/b.wav"]


def test_a_batch_in_a_store_goes_on_and_keeps_no_credentials(memory, faltung, place):  # noqa: F811
    good = (place / "in.wav").read_bytes()
    for name in "ab":
        memory.pipe(f"/me:secret@takes/{name}.wav", good)
    (place / "store.yaml").write_text(
        ECHO.replace("in.wav", "memory://me:secret@takes/*.wav").replace("out/", "memory://me:secret@out/"), "utf-8"
    )
    told = [done := faltung("run", "store.yaml", "--json", "--report", "r.html")]
    assert (done.code, [one["status"] for one in done.json["files"]]) == (0, ["done", "done"])
    memory.pipe("/me:secret@takes/b.wav", good[:-2])
    memory.rm("/me:secret@out/a-echo.wav")
    told.append(dry := faltung("run", "store.yaml", "--dry-run", "--json"))
    assert [one["why"] for one in dry.json["standings"]] == ["output missing", "input changed"]
    told.append(failed := faltung("run", "store.yaml", "-v", "--report", "r.html"))
    assert failed.code == 1
    memory.pipe("/me:secret@takes/b.wav", good)
    told.append(faltung("run", "store.yaml", "--check", "hash", "-v"))
    told.append(done := faltung("run", "store.yaml", "--check", "hash", "--json"))
    assert (done.json["unchanged"], done.json["manifest"]) == (2, os.path.relpath(the_manifest(place)))
    memory.pipe("/me:secret@out/b-echo.wav", b"edited")
    told.append(done := faltung("run", "store.yaml", "--force"))
    assert (done.code, "b-echo.wav: was edited since" in done.err) == (2, True)
    kept = [path.read_text("utf-8") for path in (place / "r.html", place / "r.json", the_manifest(place))]
    assert all("***@takes" in text for text in kept)
    assert not any("secret" in text for text in [*kept, *(out for one in told for out in (one.out, one.err))])


def the_manifest(place):  # noqa: F811
    (found,) = (place / ".faltung").glob("store-*.jsonl")
    return found
