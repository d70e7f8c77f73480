"""Write docs/atlas.md and .html from docs/atlas/*.json, and with --run ask again each function that is installed here.

``docs/atlas.py --run python node apt`` first installs pinned packages in a folder of its own, build/atlas, and asks
what they hold; without names, what this interpreter and this machine have. Each package is asked in a process of its
own, so that one that ends the interpreter or loads another's library takes no other with it. What changed is printed
and written down.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROWS = DOCS / "atlas"
PAGE = DOCS / "atlas.md"
HTML = DOCS / "atlas.html"
FOLDER = DOCS.parent / "build" / "atlas"
NAMES = ("python", "node", "apt")
LAYERS = DOCS.parent / "plugins" / "faltung-explain" / "src" / "faltung_explain" / "templates" / "layers.json"
"""What the claims of explain are told of frameworks."""
LIBRARIES = LAYERS.with_name("libraries.json")
"""Tiles of its scene in two dimensions: names and rows are chosen there by hand, the rest is what was recorded."""
BESIDE = {
    "onnxruntime": "onnx==1.23.2",
    "mlx": "mlx-cpu==0.32.4",
    "ndarray-convolve": "ndarray@1.0.19",
    "chromium": "playwright==1.65.2",
}
"""What a package needs that does not name it, pinned as it is."""
SECONDS = 900
"""After which a package that does not answer is left."""
GROUPS = ("signals", "images", "deep learning", "statistics", "browsers and JavaScript", "command line")
KEPT = (
    "verdict", "known_as", "sentence", "response", "starts", "origin", "other_origin", "gain", "edges", "ends", "nan",
    "length", "slope", "lag_0", "dtypes", "channels", "warnings",
)  # fmt: skip
INTRODUCTION = """{} functions and commands. **Flips** says whether a kernel comes back as it is: convolution; reversed,
it is correlation. **Origin** is the tap that meets x[n], of a kernel of three and, after a stroke, of four. **Outside**
is what stands beyond the ends. Ask yours with the line of its row after `faltung flip-check`;
`{{atlas}}` is `docs/atlas`."""
RECIPES = """`Kernel([4, 2, 1]).for_(TARGET)` gives the weights `w` and this call, `y[n] = 4 x[n] + 2 x[n-1] + x[n-2]`;
`Kernel.from_` takes weights back. Of each call of a library that is installed a test says that its output is the
definition's, for kernels of any origin, of odd and of even length."""


def load() -> dict[Path, list[dict[str, Any]]]:
    """The rows of each file."""
    return {path: json.loads(path.read_text("utf-8")) for path in sorted(ROWS.glob("*.json"))}


def installed(row: dict[str, Any]) -> str | None:
    """The version of what a row is about, or None where it is not here."""
    if row["source"] == "python":
        return _version(row["package"])
    if row["source"] == "node":
        file = modules() / row["package"] / "package.json"
        return str(json.loads(file.read_text("utf-8"))["version"]) if file.is_file() and shutil.which("node") else None
    beside = BESIDE.get(row["package"], "").partition("==")[0]
    if not shutil.which(row.get("program", row["target"][0])) or (beside and not _version(beside)):
        return None
    asked = ["dpkg-query", "-W", "-f=${Version}", row["package"]]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def modules() -> Path:
    """Where npm has put packages."""
    return Path(os.environ.get("NODE_PATH", FOLDER / "node_modules"))


def ask(row: dict[str, Any]) -> dict[str, Any]:
    """What flip-check says of a row now, the fields that are kept."""
    from faltung_flipcheck.flip import flip_check

    from pipeline.errors import FaltungError

    os.environ.setdefault("DEV", "PYTHON")  # tinygrad's own way to compute, which needs no compiler
    words = [word.replace("{atlas}", str(ROWS)) for word in row["target"]]
    target = words[0] if len(words) == 1 else words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that are asked
            found = flip_check(target, row.get("kernel"), **row.get("options", {})).to_dict()
    except FaltungError as error:
        return {"verdict": "refused", "sentence": str(error).replace(str(ROWS), "{atlas}")[:200]}
    return {key: rounded(found[key]) for key in KEPT if found[key] not in (None, (), [])}


def rounded(value: Any) -> Any:
    """Five digits, and no dust: the last ones differ from machine to machine."""
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value][:64]
    if isinstance(value, float):
        return float(f"{value:.5g}") if abs(value) > 1e-9 else 0.0
    return value


def run(only: set[str]) -> int:
    """Ask every row that is installed, a process a package; write what changed, and say so. Returns how many died."""
    told: list[str] = []
    asked = lost = 0
    for path, rows in load().items():
        packages = dict.fromkeys(row["package"] for row in rows if not only or row["source"] in only)
        for package in packages:
            members = [row for row in rows if row["package"] == package]
            here = [installed(row) for row in members]
            if not any(here):
                told.append(f"{package}: not here, what was recorded stays")
                continue
            pinned = members[0].get("version")
            changed = 0
            answers, end = apart(path, package)
            for row, now in zip(members, here, strict=True):
                found, before = (
                    answers.get(json.dumps(row["target"]) + json.dumps(row.get("options"))),
                    row.get("found"),
                )
                if now is None or found is None:
                    lost += now is not None
                    continue
                asked += 1
                news = differs(found, before)
                if news:
                    changed += 1
                    print(f"  {' '.join(row['target'])[:90]}: {found['verdict']} ({news})", flush=True)
                row["found"] = found
                row["version"] = now
            moved = "" if pinned == here[0] else f" instead of {pinned}"
            print(f"{package} {here[0]}{moved}: {len(answers)} asked, {changed} changed{end}", flush=True)
        path.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", "utf-8")
    print(*told, f"{asked} rows asked in all, {lost} gave no answer", sep="\n")
    return lost


def apart(path: Path, package: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The answers of one package, by target and options, and how its process ended where it did not end well.

    What ends the process is left out, and the rows after it are asked by another.
    """
    answers: dict[str, dict[str, Any]] = {}
    end, first = "", 0
    while True:
        words = [sys.executable, __file__, "--ask", str(path), package, str(first)]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
            printed, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as late:
            printed, code = (late.stdout or b"").decode("utf-8"), SECONDS
        lines = [json.loads(line) for line in printed.splitlines()]
        answers |= {line["row"]: line["found"] for line in lines if "found" in line}
        if not code:
            return answers, end
        begun = [line for line in lines if "begun" in line]
        if not begun:
            return answers, f"{end}; ended with {code}: {(done.stderr.splitlines() or ['nothing said'])[-1][:120]}"
        end += f"; {begun[-1]['row']} ended the process with {code}"
        first = begun[-1]["begun"] + 1


def ask_apart(name: str, package: str, first: int) -> None:
    """Answer for `apart`: a line of JSON before a row and one after; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    rows = [row for row in json.loads((ROWS / name).read_text("utf-8")) if row["package"] == package]
    for at, row in enumerate(rows):
        if at < first or installed(row) is None:
            continue
        key = json.dumps(row["target"]) + json.dumps(row.get("options"))
        print(json.dumps({"begun": at, "row": key}), file=out, flush=True)
        print(json.dumps({"row": key, "found": ask(row)}), file=out, flush=True)


def differs(found: dict[str, Any], before: dict[str, Any] | None) -> str:
    """What was otherwise, in words; nothing for the last digits of a response or of a sentence's number."""
    if before is None:
        return "new"
    steady = ("verdict", "known_as", "starts", "origin", "other_origin", "edges", "length", "dtypes", "channels")
    return "; ".join(f"{key} was {before.get(key)}" for key in steady if found.get(key) != before.get(key))


def install(names: list[str]) -> None:
    """Put pinned packages into build/atlas; what apt has needs rights of its own, so that is named only."""
    pins: dict[str, dict[str, str]] = {}
    for rows in load().values():
        for row in rows:
            pins.setdefault(row["source"], {})[row["package"]] = row.get("version", "")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "python" in names:
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        wanted = [f"{name}=={number}" if number else name for name, number in pins["python"].items()]
        wanted += [pin for pin in BESIDE.values() if "==" in pin]
        (FOLDER / "pins.txt").write_text("\n".join(wanted) + "\n", "utf-8")
        pip = [str(FOLDER / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--editable", str(DOCS.parent)], check=True)
        if subprocess.run([*pip, "-r", str(FOLDER / "pins.txt")], check=False).returncode:
            failed = [pin for pin in wanted if subprocess.run([*pip, pin], check=False).returncode]
            print("not installed:", *failed)
    if "node" in names:
        wanted = [f"{name}@{number}" if number else name for name, number in pins["node"].items()]
        wanted += [pin for pin in BESIDE.values() if "==" not in pin]
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(FOLDER), *wanted]
        subprocess.run(npm, check=True)
    if "apt" in names:
        rows = [
            row for rows in load().values() for row in rows if row["source"] == "apt" and row["package"] not in BESIDE
        ]
        absent = {
            row["package"] + "=" * ("version" in row) + row.get("version", "") for row in rows if not installed(row)
        }
        print("missing, for apt-get install:" if absent else "of apt, nothing is missing", *sorted(absent))


def ports() -> list[tuple[str, str, str]]:
    """Each target of `Kernel.for_`, its weights of 4 2 1, and its call."""
    from faltung_containers.ports import TARGETS

    from pipeline.kernel import Kernel

    each = [Kernel([4, 2, 1]).for_(target) for target in TARGETS]
    shown = [" ".join(f"{tap:g}" for tap in port.weights.reshape(-1)) for port in each]
    return [
        (port.target, f"{taps}, shape {port.weights.shape}", port.call) for port, taps in zip(each, shown, strict=True)
    ]


def grouped(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Rows that have been asked, by group, package and target."""
    known = sorted(rows, key=lambda row: (row["package"].lower(), " ".join(row["target"])))
    return [(group, [row for row in known if row["group"] == group and "found" in row]) for group in GROUPS]


def page(rows: list[dict[str, Any]]) -> str:
    """The page in Markdown: how to hand a kernel over, and a table a group."""
    lines = [
        "What convolution functions really do with a kernel, each asked by `faltung flip-check`; made by `make atlas`.",
        "",
        "# The atlas of flips",
        "",
        INTRODUCTION.format(sum("found" in row for row in rows)) + " [Pictures and a search](atlas.html).",
        "",
        "## Take a kernel of mine there",
        "",
        RECIPES,
        "",
        "| target | weights | call |",
        "| --- | --- | --- |",
        *(f"| {target} | {weights} | `{call}` |" for target, weights, call in ports()),
    ]
    for group, members in grouped(rows):
        lines += ["", f"## {group[0].upper()}{group[1:]}", ""]
        lines += [
            "| function | package | flips | origin | outside | says more |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for row in members:
            words, package, flips, *rest = told(row).values()
            cells = [f"`{words}`", package, f"**{flips}**" if flips == "no" else flips, *rest]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def html(rows: list[dict[str, Any]]) -> str:
    """The same as one page of HTML, with a picture of each answer and a search."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(ROWS), autoescape=True, undefined=StrictUndefined)
    plain = {"introduction": INTRODUCTION, "recipes": RECIPES}
    values = {key: text.replace("`", "").replace("**", "") for key, text in plain.items()}
    values["introduction"] = values["introduction"].format(sum("found" in row for row in rows))
    groups = [(group, [{**told(row), **picture(row["found"])} for row in members]) for group, members in grouped(rows)]
    return environment.get_template("page.html.j2").render(values, groups=groups, ports=ports()) + "\n"


def picture(found: dict[str, Any]) -> dict[str, Any]:
    """Squares of an answer of a few taps: place, share of the largest, whether below 0; and where the impulse was."""
    response = found.get("response") or []
    table = response if response and isinstance(response[0], list) else [response]
    rows, columns = len(table), len(table[0])
    most = max((abs(tap) for taps in table for tap in taps), default=0)
    if not most or rows > 9 or columns > 9:
        return {"cells": [], "rows": 0, "columns": 0, "at": None, "response": ""}
    cells = [(x, y, round(90 * abs(tap) / most), tap < 0) for y, taps in enumerate(table) for x, tap in enumerate(taps)]
    at = [-start for start in found["starts"]][::-1] + [0] * (2 - len(found["starts"]))
    inside = 0 <= at[0] < columns and 0 <= at[1] < rows
    words = "; ".join(" ".join(f"{tap:.4g}" for tap in taps) for taps in table)
    return {"cells": cells, "rows": rows, "columns": columns, "at": at if inside else None, "response": words}


def layers(rows: list[dict[str, Any]]) -> str:
    """The table behind a claim of explain: verdicts of the rows that have a `layer`, without what Debian adds."""
    lines = []
    for row in (row for row in rows if "layer" in row and "found" in row):
        version = upstream(row["version"])
        said = {"kind": row["kind"], "name": row["layer"], "version": version, "verdict": row["found"]["verdict"]}
        lines.append(json.dumps(said))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def tiles(rows: list[dict[str, Any]]) -> str:
    """The answers of libraries to one image of one pixel, each at most 1; a row is named by its package and target."""
    lines = []
    for one in json.loads(LIBRARIES.read_text("utf-8")):
        package, asked = one["row"]
        targets = {" ".join(map(str, row["target"])): row for row in rows if row["package"] == package}
        row = targets.get(asked) or next(row for target, row in targets.items() if asked in target)
        answer = row["found"]["response"]
        answer = answer if isinstance(answer[0], list) else [answer]
        most = max(abs(value) for line in answer for value in line)
        tile = [[round(value / most, 2) for value in line] for line in answer]
        said = {
            "version": upstream(row["version"]),
            "verdict": row["found"]["verdict"],
            "row": one["row"],
            "tile": tile,
        }
        lines.append("  " + json.dumps({"name": one["name"], **said}))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def upstream(version: str) -> str:
    """The version of a package without what Debian adds."""
    return re.sub(r"^\d+:|[-+].*$", "", version)


def told(row: dict[str, Any]) -> dict[str, str]:
    """The cells of a row, by name, in order."""
    found = row["found"]
    flips = {"convolution": "yes", "correlation": "no"}.get(found["verdict"], found.get("known_as", found["verdict"]))
    origin = ", ".join(map(str, found.get("origin", []))) or "-"
    other = found.get("other_origin", "")
    if other:
        origin += " / " + ("refused" if "refused" in other else other.partition(", tap ")[2].strip("()"))
    more = [*found.get("warnings", []), *found.get("dtypes", []), *([found["ends"]] if "ends" in found else [])]
    if found["verdict"] not in ("convolution", "correlation"):
        more.insert(0, found["sentence"])
    if "gain" in found and abs(found["gain"] - 1) > 1e-3:
        more.insert(0, f"gain {found['gain']:.4g}")
    if "lag_0" in found:
        more.append(f"lag 0 at n = {found['lag_0']}")
    return {
        "words": " ".join(word if " " not in word else f"'{word}'" for word in row["target"]),
        "package": f"{row['package']} {row['version']}",
        "flips": flips,
        "origin": origin,
        "outside": found.get("edges", "-"),
        "more": "; ".join(more),
    }


def main() -> int:
    """Install, run, write, as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="ask again what is installed")
    parser.add_argument("--check", action="store_true", help="say whether the page is that of the rows; write nothing")
    parser.add_argument("--there", action="store_true", help=argparse.SUPPRESS)  # in the folder's own interpreter
    parser.add_argument("--ask", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="install these first")
    args = parser.parse_args()
    if args.names:
        os.environ.setdefault("NODE_PATH", str(modules()))
    if args.ask:
        ask_apart(args.ask[0], args.ask[1], int(args.ask[2]))
        return 0
    if args.names and not args.there:
        install(args.names)
        python = FOLDER / "venv" / "bin" / "python"
        if "python" in args.names:
            return subprocess.run([python, __file__, "--run", "--there", *args.names], check=False).returncode
    lost = run(set(args.names)) if args.run or args.names else 0
    rows = [row for rows in load().values() for row in rows]
    written = {PAGE: page(rows), HTML: html(rows), LAYERS: layers(rows), LIBRARIES: tiles(rows)}
    stale = [path for path, text in written.items() if not path.is_file() or path.read_text("utf-8") != text]
    if args.check:
        return int(bool(stale))
    for path in stale:
        path.write_text(written[path], "utf-8")
        print(f"{path.relative_to(DOCS.parent)} written")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
