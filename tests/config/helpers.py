"""What several tests of the configuration share."""

from __future__ import annotations

import pytest

from pipeline.config import parse_config
from pipeline.errors import ConfigError


def told(stages: str, top: str = "version: 1", overrides: tuple[str, ...] = ()) -> list[str]:
    """What is told of one or more stages, written from line 3, column 3."""
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{top}\nstages:\n{stages}", "f", overrides=overrides)
    return str(caught.value).splitlines()
