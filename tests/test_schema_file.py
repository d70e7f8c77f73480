"""The schema in configs/ is the one that the code gives, and the gallery is valid by it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from faltung_schema.schema import schema_text

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def test_the_schema_file_is_the_one_the_code_gives() -> None:
    committed = (CONFIGS / "schema.json").read_text("utf-8")
    assert committed == schema_text(), "run: make schema"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_gallery_is_valid_by_the_schema(path: Path) -> None:
    schema = json.loads((CONFIGS / "schema.json").read_text("utf-8"))
    jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema)
