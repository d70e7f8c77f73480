"""Write docs/atlas.md from docs/atlas/*.json, and with --run ask again every function of it that is installed here.

``docs/atlas.py --run python node apt`` first installs pinned packages in a folder of its own, build/atlas, and asks
what they hold; without names, what this interpreter and this machine have. What changed is printed and written down.
"""

from __future__ import annotations

import argparse
import json
import os
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
FOLDER = DOCS.parent / "build" / "atlas"
GROUPS = ("signals", "images", "deep learning", "statistics", "browsers and JavaScript", "command line")
KEPT = (
    "verdict", "known_as", "sentence", "response", "starts", "origin", "other_origin", "gain", "edges", "ends", "nan",
    "length", "slope", "lag_0", "dtypes", "channels", "warnings",
)  # fmt: skip
INTRODUCTION = """{} functions and commands. **Flips** says whether a kernel comes back as it is: convolution; reversed,
it is correlation. **Origin** is the tap that meets x[n], of a kernel of three and, after a stroke, of four. **Outside**
is what stands beyond the ends. Ask yours with the line of its row after `faltung flip-check`."""
RECIPES = """`Kernel([4, 2, 1]).for_(TARGET)` gives the weights `w` and this call, `y[n] = 4 x[n] + 2 x[n-1] + x[n-2]`;
`Kernel.from_` takes weights back. Of each call of a library that is installed a test says that its output is the
definition's, for kernels of any origin, of odd and of even length."""


def load() -> dict[Path, list[dict[str, Any]]]:
    """The rows of each file."""
    return {path: json.loads(path.read_text("utf-8")) for path in sorted(ROWS.glob("*.json"))}


def installed(row: dict[str, Any]) -> str | None:
    """The version of what a row is about, or None where it is not here."""
    if row["source"] == "python":
        try:
            return version(row["package"])
        except PackageNotFoundError:
            return None
    if row["source"] == "node":
        file = modules() / row["package"] / "package.json"
        return str(json.loads(file.read_text("utf-8"))["version"]) if file.is_file() and shutil.which("node") else None
    if not shutil.which(row["target"][0]):
        return None
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f=${Version}", row["package"]], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def modules() -> Path:
    """Where npm has put packages."""
    return Path(os.environ.get("NODE_PATH", FOLDER / "node_modules"))


def ask(row: dict[str, Any]) -> dict[str, Any]:
    """What flip-check says of a row now, the fields that are kept."""
    from faltung_flipcheck.flip import flip_check

    from pipeline.errors import FaltungError

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
    """Six digits: the last ones differ from machine to machine."""
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value][:64]
    return float(f"{value:.5g}") + 0.0 if isinstance(value, float) else value


def run(only: set[str]) -> int:
    """Ask every row that is installed; write what changed, and say so."""
    changed = asked = 0
    for path, rows in load().items():
        for row in rows:
            here = installed(row)
            if here is None or (only and row["source"] not in only):
                continue
            asked += 1
            found, before = ask(row), row.get("found")
            if differs(found, before):
                changed += 1
                old = "new" if before is None else f"was {before['verdict']}"
                print(f"{row['package']} {here}, {' '.join(row['target'])[:70]}: {found['verdict']} ({old})")
                row["found"] = found
            row["version"] = here
        path.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n", "utf-8")
    print(f"{asked} asked, {changed} changed")
    return 0


def differs(found: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Whether more than the last digits of a response or of a sentence's number changed."""
    steady = ("verdict", "known_as", "starts", "origin", "other_origin", "edges", "length", "dtypes", "channels")
    return before is None or any(found.get(key) != before.get(key) for key in steady)


def install(names: list[str]) -> None:
    """Put pinned packages into build/atlas; what apt has needs its own rights, so that is named only."""
    pins: dict[str, dict[str, str]] = {}
    for rows in load().values():
        for row in rows:
            pins.setdefault(row["source"], {})[row["package"]] = row.get("version", "")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "python" in names:
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        wanted = [f"{name}=={number}" for name, number in pins["python"].items()]
        pip = [str(FOLDER / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--editable", str(DOCS.parent), *wanted], check=True)
    if "node" in names:
        wanted = [f"{name}@{number}" for name, number in pins["node"].items()]
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--prefix", str(FOLDER), *wanted, "ndarray@1.0.19"], check=True
        )
    if "apt" in names:
        print("with apt, by yourself:", *sorted(pins["apt"]))


def page(rows: list[dict[str, Any]]) -> str:
    """The page: a table a group, and how to hand a kernel over."""
    from pipeline.kernel import Kernel
    from pipeline.ports import _WAYS

    known = [row for row in rows if "found" in row]
    lines = [
        "What convolution functions really do with a kernel, each asked by `faltung flip-check`; made by `make atlas`.",
        "",
        "# The atlas of flips",
        "",
        INTRODUCTION.format(len(known)),
        "",
        "## Take a kernel of mine there",
        "",
        RECIPES,
        "",
        "| target | weights | call |",
        "| --- | --- | --- |",
    ]
    for target in sorted(_WAYS):
        port = Kernel([4, 2, 1]).for_(target)
        shown = " ".join(f"{tap:g}" for tap in port.weights.reshape(-1))
        lines.append(f"| {target} | {shown}, shape {port.weights.shape} | `{port.call}` |")
    for group in GROUPS:
        members = [row for row in known if row["group"] == group]
        lines += ["", f"## {group[0].upper()}{group[1:]}", ""]
        lines += [
            "| function | package | flips | origin | outside | says more |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += [
            line(row) for row in sorted(members, key=lambda row: (row["package"].lower(), " ".join(row["target"])))
        ]
    return "\n".join(lines) + "\n"


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    found = row["found"]
    flips = {"convolution": "yes", "correlation": "**no**"}.get(
        found["verdict"], found.get("known_as", found["verdict"])
    )
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
    words = " ".join(word if " " not in word else f"'{word}'" for word in row["target"])
    cells = [
        f"`{words}`",
        f"{row['package']} {row['version']}",
        flips,
        origin,
        found.get("edges", "-"),
        "; ".join(more),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def main() -> int:
    """Install, run, write, as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="ask again what is installed")
    parser.add_argument("--check", action="store_true", help="say whether the page is that of the rows; write nothing")
    parser.add_argument("names", nargs="*", choices=["python", "node", "apt", []], help="install these first")
    args = parser.parse_args()
    if args.names:
        install(args.names)
        python = FOLDER / "venv" / "bin" / "python"
        if "python" in args.names and Path(sys.prefix) != FOLDER / "venv":
            return subprocess.run([str(python), __file__, "--run"], check=False).returncode
    if args.run or args.names:
        os.environ.setdefault("NODE_PATH", str(modules()))
        run(set(args.names))
    text = page([row for rows in load().values() for row in rows])
    if args.check:
        return int(text != PAGE.read_text("utf-8"))
    if not PAGE.is_file() or PAGE.read_text("utf-8") != text:
        PAGE.write_text(text, "utf-8")
        print("docs/atlas.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
