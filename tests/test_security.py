"""The promises of ``docs/security.md`` that no other test holds: terminals, spreadsheets, secrets, pages, crashes."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipeline import Pipeline, read, read_labels, write
from pipeline.errors import FaltungError
from pipeline.io import Remote, SignalInfo, write_signal
from pipeline.text import cell, from_cell, learn, plain, without_secrets
from tests.cli.conftest import Done, environment, faltung, place, write_noise  # noqa: F401  (fixtures)

ROOT = Path(__file__).parents[1]

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "=HYPERLINK(1)", "-"]
FORMULAS += ["\uff1d1+1", "\uff0b1", "\uff0d1+2", "\uff20SUM(A1)", " =1+1", "\n=1", "'\t =1"]
PLAIN = ["a", "'a", "'", "", "a=1", "1-2", "é", "\udce9"]


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "docs/security.md").read_text("utf-8")))
    assert len(named) >= 9
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN])
def test_a_cell_is_no_formula_and_is_read_back(text: str) -> None:
    written = cell(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert from_cell(written) == text
    assert (written == text) == (text in PLAIN)


@pytest.mark.parametrize("text", [*FORMULAS[:4], *FORMULAS[10:14]])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_names_of_channels_are_no_formulas_and_come_back(text: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"'{text},b\n1,2\n3,4\n".replace(",", mark))
    x, info = read(tmp_path / "in.csv", fs=10)
    assert info.names == (text, "b")
    write(tmp_path / "out.csv", x, info.fs, source=info)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert next(csv.reader(file, delimiter=mark)) == [f"'{text}", "b"]
    assert read(tmp_path / "out.csv")[1].names == (text, "b")


SECRETS = [
    "zip://x.wav::https://user:T0KEN@host/a.zip", "zip://in/x.wav::https://user:T0KEN@host/a b.zip?n=1",
    "https://user:a/T0KEN@host/a.wav", "http://[::1]:80/a.wav?sig=T0KEN", "s3://b/a.wav to s3://user:T0KEN@b/b.wav?n=1",
    "s3://user:T0KEN@bucket/a.wav", "s3://T0KEN@bucket/a.wav", "https:/user:T0KEN@host/a.wav",
    "memory://b/take.wav?sig=T0KEN", "memory://b/take.wav?T0KEN", "memory://b/take.wav#T0KEN",
    "memory://b/my take.wav?sig=T0KEN", "memory://b/my take.wav?T0KEN", "memory://b/a (1).wav?a=1&sig=T0KEN",
    "https://h/a b/c d.wav?X-Amz-Signature=T0KEN&x=1", "s3://b/a.wav?token=T0KEN#T0KEN", "gs://u:T0KEN@b/é é.wav",
    "s3://b/a.wav?a.b.T0KENT0KENT0KEN", "s3+http://u:T0KEN@b/a.wav", "http://h/a.wav#a b=T0KEN",
    "http://h/a.wav;sig=T0KEN", "http://h/a.wav%3Fsig=T0KEN", "http://h/a.wav%3fsig%3DT0KEN",
    "http://h/my a.wav;x=T0KEN",
]  # fmt: skip

WHOLE = [
    "memory://b/a.wav#a T0KEN", "memory://b/a.wav?a T0KEN", "https://user:T0KEN T0KEN@h/a.wav", "s3://b/a.wav? T0KEN",
    "https://u:a?T0KEN@h/a.wav", "https://u:a#T0KEN@h/a.wav", "memory://b/a.wav?'T0KEN'", 'memory://b/a.wav?"T0KEN"',
    "memory://b/a.wav?(T0KEN)", "memory://b/a.wav?x=1\nT0KEN", "memory://b/a.wav?a, T0KEN", "memory://b/a.wav#a: T0KEN",
    "https://h/a.wav;T0KEN", "https://h/a.wav%3FT0KEN", "https://h/a.wav%23T0KEN", "https://user%3AT0KEN%40h/a.wav",
    "https://h/a.wav?x=\xe9 T0KEN", "https://h/a.wav?k=a\tT0KEN", "https://h/a.wav?k=a\u2028T0KEN", "x://u:T0KEN@h/x",
    "zip://x.wav::https://u:a T0KEN@h/x.zip#b T0KEN",
]  # fmt: skip
"""URLs whose end no message tells: they are known from where they were given."""


@pytest.mark.parametrize("url", SECRETS)
@pytest.mark.parametrize(
    "message", ["{}", "{}: no such file", "the input '{}' does not exist", "see {}, or not", "({})"]
)
def test_no_message_shows_a_secret_of_a_url(url: str, message: str) -> None:
    assert "T0KEN" not in without_secrets(message.format(url))
    assert "T0KEN" not in str(FaltungError(message.format(url)))


@pytest.mark.parametrize("url", WHOLE)
def test_no_secret_of_a_url_that_was_given_is_shown(url: str, faltung: Callable[..., Done], place: Path) -> None:  # noqa: F811
    (place / "c.yaml").write_text(yaml.safe_dump({"version": 1, "input": url, "output": url, "stages": []}), "utf-8")
    said = ""
    for words in (
        ("apply", url, "o.wav", "gain", "gain=1"), ("match", "in.wav", "-t", url), ("run", "echo.yaml", "--jobs", url),
        ("run", "c.yaml"), ("run", "echo.yaml", "-s", f"stages=[{url!r}]"), ("plan", url),
    ):  # fmt: skip
        done = faltung(*words)
        assert done.code in (1, 2), words
        said += done.out + done.err
    assert "T0KEN" not in said + str(Remote(url)) + Remote(url).name
    with pytest.raises(FaltungError) as refused:
        Pipeline([]).run_file(url, "o.wav")
    assert "T0KEN" not in str(refused.value)


def test_a_url_that_begins_as_another_does_is_masked_to_its_end() -> None:
    for url in ("memory://b/begun.wav#a b", "memory://b/begun.wav#a b T0KEN"):
        learn(url)
    assert without_secrets("memory://b/begun.wav#a b T0KEN: no") == "memory://b/begun.wav#***: no"


@pytest.mark.parametrize("mark", [" a", "?a ", "a#", ":", "a=1 ", "%3F", ";x", "@", "a:b@", ") "])
def test_a_long_text_is_masked_in_a_time_that_grows_with_it(mark: str) -> None:
    learn(f"https://h/{mark * 2000}")
    assert without_secrets(mark * 50_000) == mark * 50_000
    assert without_secrets(f"https://{mark * 50_000}").startswith("https://")


@pytest.mark.parametrize(
    "text",
    [
        "did you mean s3://b/a.wav?",
        "s3://b/a.wav: stage #2 fails",
        "s3://b/take#1.wav",
        "C:/Users@home/a.wav",
        "https://host:80/day/a@b.wav",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "{}", "o.wav", "gain", "gain=1"),
        ("apply", "in.wav", "o.wav", "convolve", "file={}"),
        ("apply", "in.wav", "{}", "gain", "gain=1"),
        ("match", "in.wav", "-t", "{}"),
        ("match", "in.wav", "-t", "0:0.01", "-o", "{}"),
        ("run", "echo.yaml", "{}"),
        ("run", "echo.yaml", "--scheduler", "{}"),
        ("plan", "echo.yaml", "{}"),
        ("{}", "in.wav"),
        ("run", "echo.yaml", "--jobs", "{}"),
    ],
)
@pytest.mark.parametrize("url", SECRETS[3:6])
def test_no_command_shows_a_secret_of_a_url(
    words: tuple[str, ...],
    url: str,
    faltung: Callable[..., Done],  # noqa: F811
) -> None:
    done = faltung(*(word.replace("{}", url) for word in words))
    assert done.code in (1, 2)
    assert done.err
    assert "T0KEN" not in done.out + done.err


def test_no_name_steers_a_terminal_or_a_table(faltung: Callable[..., Done], place: Path) -> None:  # noqa: F811
    name = "b\x1b]0;PWN\a\x1b[31m\x9bred.wav"
    write_noise(place / name, frames=200)
    shutil.copy(name, "=1+1.wav")
    said = ""
    for words in (
        ["match", "in.wav", "-t", f"./{name}", "-o", "e.csv", "--report", "m.html"],
        ["match", name, "-t", "./=1+1.wav", "--threshold", "0.5", "-o", "f.csv"],
        ["run", "echo.yaml", name, "-o", "out/{name}", "-s", "batch.jobs=1", "--report", "r.html"],
        ["run", "echo.yaml", name, "-o", "out/{name}", "--dry-run", "--force"],
        ["plan", "echo.yaml", name],
        ["apply", name, f"gone/{name}", "gain", "gain=1", "-v"],
        ["bake", "echo.yaml", "-o", f"k{name}", "--fs", "8000"],
        ["stages", name],
        ["flip-check", f"stage:{name}"],
        [name],
    ):
        done = faltung(*words)
        said += done.out + done.err
        assert "Traceback" not in done.err, words
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said)
    for file in ("e.csv", "f.csv", "m.html", "r.html"):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", (place / file).read_text("utf-8")), file
    with (place / "f.csv").open(newline="") as rows:
        assert {from_cell(row["template"]) for row in csv.DictReader(rows)} <= {"=1+1"}


def test_no_name_with_a_line_break_begins_a_line_as_a_message(
    faltung: Callable[..., Done],  # noqa: F811
    place: Path,  # noqa: F811
) -> None:
    name = "a\nfaltung: all done.wav"
    (place / name).write_bytes((place / "in.wav").read_bytes()[:90])
    (place / "c.yaml").write_text(
        "version: 1\ninput: '*.wav'\noutput: q/{name}\nstages: [{use: gain, gain: 1}]\n", "utf-8"
    )
    for words in (
        ["apply", name, "o.wav", "gain", "gain=1"], ["match", "in.wav", "-t", f"./{name}"], ["run", "c.yaml"],
        ["run", "c.yaml", "--jobs", "2"], ["plan", "c.yaml"], ["info", name], ["apply", "in.wav", f"{name}.x", "gain"],
        ["run", f"{name}.yaml"], ["stages", name], ["apply", "in.wav", "o.wav", "gain", f"gain={name}"],
        ["run", "echo.yaml", "--report", f"{name}.txt"], ["bake", "echo.yaml", "-o", f"{name}.zzz", "--fs", "8000"],
    ):  # fmt: skip
        done = faltung(*words)
        assert done.out + done.err, words
        assert not re.search(r"^faltung: all done", f"{done.out}\n{done.err}", re.MULTILINE), words


@pytest.mark.parametrize("ending", ["csv", "jsonl", "txt", "selections.txt", "eaf", "textgrid", "picks.csv"])
@pytest.mark.parametrize("name", ["b\x1b]0;PWN\a\x9bred\x7f.wav", "\uff1d1+1.wav"])
def test_no_event_file_steers_a_terminal_and_a_template_comes_back(
    name: str,
    ending: str,
    faltung: Callable[..., Done],  # noqa: F811
    place: Path,  # noqa: F811
) -> None:
    write_noise(place / name, frames=200)
    done = faltung("match", name, "-t", f"./{name}", "--threshold", "0.5", "-o", f"e.{ending}", "-q")
    assert (done.code, done.err) == (0, "")
    data = (place / f"e.{ending}").read_bytes()
    text = data.decode("utf-16" if data.startswith(b"\xfe\xff") else "utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    if ending in ("csv", "selections.txt"):
        assert not re.search(r"(^|[,\t])[\uff1d=]", text)
        labels = read_labels(place / f"e.{ending}")
        assert {label.text for label in labels} == {plain(name.removesuffix(".wav"))}


def test_titles_of_control_characters_and_markup_steer_nothing(
    faltung: Callable[..., Done],  # noqa: F811
    place: Path,  # noqa: F811
) -> None:
    title = "\x1b[31m\x9b2J<script>alert(1)</script>\a=1+1"
    fields = (("title", title), ("mood\x1b[2J", title))
    info = SignalInfo(8000.0, 1, 8000, "WAV", "PCM_16", tags=fields)
    for name in ("in.flac", "in.ogg"):
        write_signal(place / name, [0.1, 0.2] * 4000, 8000, source=info)
        seen = faltung("info", name)
        ran = faltung("run", "echo.yaml", name, "-o", "o.npy", "--report", "r.html", "--overwrite", "-v")
        assert (seen.code, ran.code) == (0, 0)
        text = seen.out + seen.err + ran.out + ran.err
        assert not [sign for sign in text if sign in "\x1b\x9b\a"]
        assert "metadata not carried" in text + (place / "r.html").read_text("utf-8")
        assert "<script>alert" not in (place / "r.html").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux alone")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_that_crashes_its_decoder_fails_alone(jobs: str, tmp_path: Path) -> None:
    info = tmp_path / "plug/poison-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[faltung.stages]\npoison.two = poison_two:Two\n")
    (tmp_path / "plug/poison_two.py").write_text(
        "import os, signal\nimport numpy as np\nfrom pipeline import Kernel, KernelStage\n"
        'class Two(KernelStage):\n    """Crashes on two channels."""\n    def kernel(self, fmt):\n'
        "        if fmt.channels == 2: os.kill(os.getpid(), signal.SIGSEGV)\n        return Kernel(np.array([1.0]))\n"
    )
    for i in range(4):
        write_noise(tmp_path / f"{i}.wav", channels=1 + (i == 1))
    (tmp_path / "c.yaml").write_text("version: 1\ninput: '*.wav'\noutput: o/{stem}.wav\nstages: [{use: poison.two}]\n")
    environ = environment(PYTHONPATH=os.pathsep.join([str(tmp_path / "plug"), str(ROOT)]))
    for again in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "run", "c.yaml", "--jobs", jobs, "-q"], cwd=tmp_path, check=False,
            capture_output=True, text=True, env=environ,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), (again, done.stderr)
        assert "1.wav" in done.stderr
        assert sorted(path.name for path in (tmp_path / "o").glob("*.wav")) == ["0.wav", "2.wav", "3.wav"]
