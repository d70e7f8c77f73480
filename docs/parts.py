"""Draws which part of `pipeline/` imports which, from the imports themselves; `make generate` writes it anew."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.test_house import FLOORS, MODULES, PACKAGE, imports, module_name, part_of  # noqa: E402

PICTURE = ROOT / "docs" / "figures" / "parts.svg"

_CELL = 22
_LEFT = 16
_INK, _FAINT, _MARK = "#22222c", "#e4e4ea", "#2b6cb0"


def imported() -> dict[str, set[str]]:
    """The parts that each part imports from, beside itself."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        if path == PACKAGE / "__init__.py":
            continue  # the public names come from everywhere, each when it is asked for
        module = module_name(path)
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        names = [name for _, name in imports(ast.parse(path.read_text("utf-8")), package)]
        here = found.setdefault(part_of(module), set())
        here.update(part_of(name) for name in names if name.split(".")[0] == "pipeline")
    return {part: others - {part} for part, others in found.items()}


def picture() -> str:
    """A square a pair of parts: a row imports from the columns that are marked, all of which stand above it."""
    found = imported()
    parts = [part for floor in FLOORS for part in sorted(floor) if part in found]
    size = len(parts) * _CELL
    width, height = _LEFT + size + 130, size + 2 * _LEFT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<g font-family="sans-serif" font-size="13" fill="{_INK}">',
    ]
    for row, part in enumerate(parts):
        y = _LEFT + row * _CELL
        lines.append(f'<path d="M{_LEFT} {y + _CELL / 2:g}H{_LEFT + row * _CELL}" stroke="{_FAINT}"/>')
        lines.append(f'<path d="M{_LEFT + (row + 0.5) * _CELL:g} {y + _CELL}V{_LEFT + size}" stroke="{_FAINT}"/>')
        lines.append(f'<text x="{_LEFT + row * _CELL + 4}" y="{y + 16}">{part}</text>')
        for column, other in enumerate(parts):
            if other in found[part]:
                x = _LEFT + column * _CELL
                lines.append(
                    f'<rect x="{x + 5}" y="{y + 5}" width="12" height="12" rx="2" fill="{_MARK}">'
                    f"<title>{part} imports {other}</title></rect>"
                )
    return "\n".join([*lines, "</g>", "</svg>", ""])


def main(arguments: list[str]) -> int:
    """Write the picture where it differs; with ``--check``, only tell: 1 if it does."""
    drawn = picture()
    if PICTURE.exists() and PICTURE.read_text("utf-8") == drawn:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PICTURE} is not what the imports say; run: make generate\n")
        return 1
    PICTURE.write_text(drawn, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
