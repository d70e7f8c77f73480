"""The hooks of mkdocs: the title of each page stands first, and the atlas with its pictures has a name of its own."""

from __future__ import annotations

import re
from itertools import cycle
from pathlib import Path
from typing import Any

PICTURES = "atlas-pictures.html"
"""What ``atlas.html`` is called on the site, where ``atlas.md`` becomes a page of that name."""


def on_files(files: Any, config: Any) -> None:
    """Add the atlas with its pictures, which mkdocs leaves out beside a page of its name."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PICTURES, abs_src_path=str(Path(config.docs_dir) / "atlas.html")))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with its title above the sentence that opens the file, which is the page's description, too."""
    sentence, _, rest = markdown.partition("\n\n# ")
    title, _, text = rest.partition("\n")
    page.meta.setdefault("description", re.sub(r"[*`]|\]\([^)]*\)|\[", "", sentence).replace("\n", " "))
    return f"# {title}\n\n{sentence}\n{text}".replace("(atlas.html)", f"({PICTURES})")


def on_page_content(html: str, **_: Any) -> str:
    """The page with its tables of words marked, and each cell of them with the head of its column, for a phone."""
    return re.sub(r"<table>.*?</table>", lambda table: marked(table[0]), html, flags=re.DOTALL)


def marked(table: str) -> str:
    """A table of three columns or more, one of whose cells is a sentence, marked; any other as it is."""
    heads, cells = (
        [re.sub(r"<.*?>", "", cell) for cell in re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", table, re.DOTALL)]
        for tag in ("th", "td")
    )
    if len(heads) < 3 or max(map(len, cells)) < 60:
        return table
    named = cycle(heads)
    return re.sub("<td", lambda _: f'<td data-of="{next(named)}"', table.replace("<table>", "<table data-words>", 1))
