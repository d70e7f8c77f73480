"""No output option of any command replaces anything that its run reads, by any name or link, `--overwrite` or not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import FaltungError, Pipeline, write
from pipeline.errors import UsageError
from tests.cli.conftest import Done, command, environment, write_noise

Faltung = Callable[..., Done]

CONFIG = """\
version: 1
input: [in.wav, t.csv]
output: out/{name}
stages: [{use: convolve, file: ir.wav, resample: true}, {use: convolve, file: taps.npy, resample: true}]
"""

READ = ("c.yaml", "in.wav", "t.csv", "t.json", "ir.wav", "taps.npy", "taps.json", "call.wav")


@pytest.fixture
def read(faltung: Faltung, place: Path) -> dict[str, bytes]:
    """What the runs below read, with its content; made of signals and a configuration of its own."""
    write_noise(place / "in.wav", channels=1)
    write_noise(place / "ir.wav", frames=20, channels=1)
    shutil.copy("ir.wav", "call.wav")
    (place / "t.csv").write_text("x\n" + "\n".join(map(str, range(50))) + "\n")
    (place / "t.json").write_text('{"fs": 8000, "site": 7}')
    np.save("taps.npy", np.array([1.0, 0.5]))
    (place / "taps.json").write_text('{"fs": 8000}')
    (place / "c.yaml").write_text(CONFIG.replace(", resample: true", ""), "utf-8")
    return {name: (place / name).read_bytes() for name in READ}


def by_links(name: str) -> list[str]:
    """The name of a file, and others of the same file: through folders, a link, a hard link, and a linked folder."""
    link, hard = f"link-{name}", f"hard-{name}"
    Path(link).symlink_to(name)
    os.link(name, hard)
    if not Path("here").is_symlink():
        Path("here").symlink_to(".")
        Path("deep").mkdir(exist_ok=True)
    return [name, f"./{name}", f"deep/../{name}", str(Path.cwd() / name), f"here/{name}", link, hard]


COMMANDS = {
    "run -o": ["run", "c.yaml", "in.wav", "-o", "{}"],
    "run -o, a batch": ["run", "c.yaml", "-o", "{}"],
    "run --report": ["run", "c.yaml", "in.wav", "-o", "new.wav", "--report", "{}"],
    "run, the manifest": ["run", "c.yaml", "-s", "batch.manifest={}"],
    "run, event files": ["run", "c.yaml", "in.wav", "-o", "new.wav", "-s", "events={}"],
    "apply OUT": ["apply", "in.wav", "{}", "convolve", "file=ir.wav", ":", "convolve", "file=taps.npy"],
    "apply OUT of a table": ["apply", "t.csv", "{}", "convolve", "file=ir.wav"],
    "apply --save": ["apply", "in.wav", "new.wav", "convolve", "file=ir.wav", "--save", "{}"],
    "bake -o": ["bake", "c.yaml", "-o", "{}"],
    "match -o": ["match", "in.wav", "-t", "call.wav", "-o", "{}"],
    "match --report": ["match", "in.wav", "-t", "call.wav", "--report", "{}"],
    "match --run-report": ["match", "in.wav", "-t", "call.wav", "--run-report", "{}"],
    "match --save": ["match", "in.wav", "-t", "call.wav", "--save", "{}"],
    "schema -o": ["schema", "-o", "{}"],
    "explain -o": ["explain", "c.yaml", "-o", "{}"],
}

READ_BY = {"apply OUT": ("in.wav", "ir.wav", "taps.npy"), "apply OUT of a table": ("t.csv", "t.json", "ir.wav"),
           "apply --save": ("in.wav", "ir.wav"), "run -o": ("c.yaml", "in.wav", "ir.wav", "taps.npy", "taps.json"),
           "run --report": ("c.yaml", "in.wav", "ir.wav", "taps.npy", "taps.json"),
           "run, event files": ("c.yaml", "in.wav", "ir.wav", "taps.npy", "taps.json")}  # fmt: skip


def is_read(command: str, name: str) -> bool:
    if command.startswith("match"):
        return name in ("in.wav", "call.wav")
    return command == "schema -o" or name in READ_BY.get(command, (*READ[:-1],))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_replaces_anything_that_is_read(
    command: str, faltung: Faltung, read: dict[str, bytes], place: Path
) -> None:
    more = [] if command == "run, the manifest" else ["--overwrite"]
    for victim in (name for name in READ if is_read(command, name)):
        names = by_links(victim)
        for name in names if command == "run -o" else [names[0], *names[-2:]]:
            words = [word.replace("{}", name) for word in COMMANDS[command]]
            assert faltung(*words, *more).code == 2, words
            assert {one: (place / one).read_bytes() for one in READ} == read, words
    left = {path.name for path in place.rglob("*") if path.name.startswith(("new", "out", ".faltung"))}
    assert left == set()  # refused before any work


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("apply in.wav ir.wav convolve file=ir.wav --overwrite", "ir.wav: the output is an input; give it another"),
        ("apply in.wav o.wav gain gain=1 --save in.wav --overwrite", "in.wav: the saved configuration is an input"),
        ("apply in.wav o.wav gain gain=1 --save o.wav", "o.wav: would be both the output and the saved configuration"),
        ("apply in.wav o.npy gain gain=1 --save o.json", "o.json: would be both the sidecar of o.npy and the saved"),
        ("apply t.csv t.npy gain gain=1 --overwrite", "t.json: the sidecar of t.npy is the sidecar of t.csv, an input"),
        ("run c.yaml in.wav -o c.yaml --overwrite", "unknown extension '.yaml'"),
        ("run c.yaml in.wav -o new.npy --report new.html", "new.json: would be both the sidecar of new.npy and the"),
        ("run c.yaml in.wav -o taps.wav -s batch.manifest=taps.wav", "taps.wav: would be both the output and the mani"),
        ("run c.yaml in.wav t.csv -o {stem}.npy --overwrite", "t.json: the sidecar of t.npy is the sidecar of t.csv"),
        ("bake c.yaml -o c.yaml --overwrite --fs 8000", "c.yaml: the output is the configuration"),
        ("bake c.yaml -o t.tsv --overwrite --fs 8000", "t.json: its sidecar is the sidecar of t.csv, an input"),
        ("schema -o in.wav --overwrite", "in.wav: is no JSON Schema, which alone is replaced by one"),
        ("match in.wav -t call.wav -o e.csv --report e.html --run-report e.html", "e.html: would be both the output"),
    ],
)
def test_what_is_refused_is_told(words: str, said: str, faltung: Faltung, read: dict[str, bytes], place: Path) -> None:
    done = faltung(*words.split())
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert {one: (place / one).read_bytes() for one in READ} == read


@pytest.mark.parametrize("link", [os.symlink, os.link, shutil.move])
def test_an_explanation_replaces_no_sound_that_it_explains(
    link: Callable[[Path, str], object], faltung: Faltung, place: Path
) -> None:
    (place / "seen").mkdir()
    link(Path.cwd() / "in.wav", "seen/01_dry.wav")
    before = (place / "seen/01_dry.wav").read_bytes()
    done = faltung("explain", "echo.yaml", "seen/01_dry.wav", "-o", "seen", "--overwrite")
    assert (done.code, (place / "seen/01_dry.wav").read_bytes()) == (2, before)
    assert "seen/01_dry.wav: a file of the explanation is an input" in done.err
    assert [path.name for path in Path("seen").iterdir()] == ["01_dry.wav"]


def test_other_files_stand_where_claims_would_be_written(faltung: Faltung, place: Path) -> None:
    (place / "numbers.json").write_text('{"fs": 8000}')
    done = faltung("explain", "claims", "-o", ".")
    assert done.code == 2
    assert "numbers.json: exists already" in done.err
    assert [(place / "numbers.json").read_text(), (place / "claims.html").exists()] == ['{"fs": 8000}', False]


def test_explanations_beside_outputs_are_refused_before_any_work(faltung: Faltung, place: Path) -> None:
    (place / "o-explain/0-echo").mkdir(parents=True)
    (place / "o-explain/0-echo/index.html").write_text("mine")
    done = faltung("run", "echo.yaml", "-o", "o.wav", "-s", "explain=true")
    assert (done.code, (place / "o.wav").exists()) == (2, False)
    assert "o-explain/0-echo: is no explanation; give o.wav another name" in done.err


def test_sidecars_of_a_batch_are_not_replaced_unasked_and_its_own_are(faltung: Faltung, place: Path) -> None:
    (place / "out").mkdir()
    (place / "out/in.json").write_text('{"fs": 1}')
    words = ["run", "echo.yaml", "-o", "out/{stem}.npy", "-s", "batch.jobs=1", "-q"]
    refused = faltung(*words)
    assert (refused.code, refused.err) == (
        2,
        "faltung: out/in.json: exists already; give --overwrite to replace it\n",
    )
    (place / "out/in.json").write_text('{"about": "something else"}')
    assert "out/in.json: is needed for the rate of out/in" in faltung(*words, "--overwrite").err
    (place / "out/in.json").unlink()
    assert [faltung(*words).code, faltung(*words, "--force").code] == [0, 0]


BYSTANDER = '{"fs": 100, "site": 7}'


@pytest.mark.parametrize("kind", ["handmade", "made by faltung", "of nothing"])
@pytest.mark.parametrize("command", ["run echo.yaml -o {}", "apply in.wav {} gain gain=1",
                                     "run echo.yaml -o {} -s batch.jobs=2", "bake c.yaml --fs 8000 -o {}"])  # fmt: skip
def test_the_sidecar_of_a_bystander_is_not_replaced_even_where_outputs_are(
    kind: str, command: str, faltung: Faltung, read: dict[str, bytes], place: Path
) -> None:
    said = BYSTANDER if kind != "made by faltung" else '{"fs": 100, "names": ["x"]}'
    (place / "o.json").write_text(said)
    if kind != "of nothing":
        (place / "o.csv").write_text("x\n1\n2\n")
    done = faltung(*command.format("o.tsv").split(), "--overwrite")
    told = "another file" if kind == "of nothing" else "that of o.csv"
    assert (done.code, f"o.json: is needed for the rate of o, and is {told}; give o another name" in done.err) == (
        2,
        True,
    )
    assert ((place / "o.json").read_text(), (place / "o.tsv").exists()) == (said, False)
    assert {one: (place / one).read_bytes() for one in READ} == read
    assert faltung("apply", "in.wav", "other.tsv", "gain", "gain=1").code == 0  # another name, as the message says


def test_the_sidecar_of_a_bystander_stays_from_python(place: Path) -> None:
    (place / "o.json").write_text(BYSTANDER)
    (place / "o.csv").write_text("x\n1\n2\n")
    with pytest.raises(UsageError, match=r"o\.json: is needed for the rate of o, and is that of o\.csv"):
        write("o.npy", [1.0, 2.0], 5, overwrite=True)
    with pytest.raises(UsageError, match=r"o\.json: is needed for the rate of o, and is that of o\.csv"):
        Pipeline([{"use": "gain", "gain": 1}]).run_file("in.wav", "o.npy", overwrite=True)
    assert (place / "o.json").read_text() == BYSTANDER


def test_an_output_goes_with_its_own_sidecar(faltung: Faltung, place: Path) -> None:
    """Also where events of the same run lie beside it, and where one of the two was taken away before."""
    write_noise(place / "call.wav", frames=20)
    stage = f"stages=[{{use: gain, gain: 1}}, {{use: match, template: {place}/call.wav}}]"
    words = ["run", "echo.yaml", "-o", "o/{stem}.npy", "-s", "events=o/{stem}.csv", "-s", "batch.jobs=1", "-s", stage]
    for gone in ((), ("npy",), ("json",), ("npy", "json"), ("csv", "npy")):
        for one in gone:
            (place / f"o/in.{one}").unlink()
        done = faltung(*words)
        assert (done.code, {path.suffix for path in place.glob("o/in.*")}) == (0, {".npy", ".csv", ".json"}), done.err
    (place / "o/in.json").write_text(BYSTANDER)
    assert "o/in.json: was edited since it was written; give --overwrite" in faltung(*words, "--force").err
    (place / "o/in.npy").unlink()
    assert "o/in.json: is needed for the rate of o/in" in faltung(*words).err


@pytest.mark.parametrize("inputs", [("in.wav",), ("in.wav", "call.wav")])
def test_a_page_of_a_search_replaces_no_other_page_and_no_picture_of_none(
    inputs: tuple[str, ...], faltung: Faltung, read: dict[str, bytes], place: Path
) -> None:
    words = ("match", *inputs, "-t", "call.wav", "--report", "p-{stem}.html", "--overwrite")
    for mine in ("p-in.png", "p-in.html"):
        (place / mine).write_text("mine")
        done = faltung(*words)
        assert (done.code, (place / mine).read_text()) == (2, "mine")
        assert f"{mine}: is another file, which the page would replace; give the page another name" in done.err
        (place / mine).unlink()
    assert [faltung(*words).code, faltung(*words).code] == [0, 0]


def test_an_output_that_has_no_sidecar_needs_none_out_of_the_way(faltung: Faltung, place: Path) -> None:
    (place / "o.json").write_text(BYSTANDER)
    pytest.importorskip("pyarrow", reason="Parquet needs the extra [tables]")
    assert (faltung("apply", "in.wav", "o.parquet", "gain", "gain=1").code, (place / "o.json").read_text()) == (
        0,
        BYSTANDER,
    )


def test_a_file_run_from_python_is_no_file_of_its_stages(read: dict[str, bytes], place: Path) -> None:
    chain = Pipeline([{"use": "convolve", "file": "taps.npy"}])
    with pytest.raises(FaltungError, match=r"taps\.npy: the output is an input"):
        chain.run_file("in.wav", "taps.npy", overwrite=True)
    with pytest.raises(FaltungError, match=r"t\.json: the sidecar of t\.npy is the sidecar of t\.csv, an input"):
        chain.run_file("t.csv", "t.npy", overwrite=True)
    assert {one: (place / one).read_bytes() for one in READ} == read


def test_a_response_is_not_put_beside_a_sidecar_that_tells_another_rate(faltung: Faltung, place: Path) -> None:
    (place / "ir.json").write_text('{"fs": 100}')
    for name in ("ir.npy", "ir.txt"):
        done = faltung("bake", "echo.yaml", "-o", name)
        assert (done.code, (place / name).exists()) == (2, False)
        assert f"ir.json: would tell 100 Hz of {name}, which has 8000 Hz; remove it, or give {name} another" in done.err
    (place / "ir.json").unlink()
    assert faltung("bake", "echo.yaml", "-o", "ir.npy").code == 0


STREAMED = {
    "in from the output": (("apply", "-", "in.wav", "gain", "gain=1", "--overwrite"), "rb", "in.wav: the output is"),
    "out behind the input": (("apply", "in.wav", "-", "gain", "gain=1"), "ab", "-: the output is an input (in.wav)"),
    "out over the input": (("run", "one.yaml", "-o", "-"), "r+b", "-: the output is an input (in.wav)"),
    "out over a file of a stage": (("apply", "in.wav", "-", "convolve", "file=ir.wav"), "r+b", "-: the output is"),
    "found, over the input": (("match", "in.wav", "-t", "0:0.01", "-o", "-"), "r+b", "-: the output is an input"),
    "found, from the output": (("match", "-", "-t", "call.wav", "-o", "in.csv", "--overwrite"), "rb", "in.csv: the"),
}


@pytest.mark.parametrize("case", STREAMED)
def test_what_standard_input_and_output_lead_to_is_a_file_as_any_other(
    case: str, read: dict[str, bytes], place: Path
) -> None:
    words, mode, told = STREAMED[case]
    (place / "one.yaml").write_text("version: 1\ninput: in.wav\noutput: o.wav\nstages: [{use: gain, gain: 1}]\n")
    name = "ir.wav" if "ir.wav" in str(words) else "in.wav"
    (place / "in.csv").symlink_to("in.wav")
    with (place / name).open(mode) as file:
        streams = {"stdin": file, "stdout": subprocess.PIPE} if mode == "rb" else {"stdout": file, "stdin": None}
        done = subprocess.run(command(*words), check=False, stderr=subprocess.PIPE, env=environment(), **streams)
    assert (done.returncode, told in done.stderr.decode()) == (2, True), done.stderr
    assert {one: (place / one).read_bytes() for one in READ} == read
