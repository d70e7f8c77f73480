"""Values of thousands of characters: told by their beginning, never echoed whole."""

from __future__ import annotations

import pytest

from tests.cli.conftest import faltung, place  # noqa: F401  (fixtures)

NINES = "9" * 5000


@pytest.mark.parametrize(
    "words",
    [
        ["apply", "in.wav", "o.wav", "gain", f"gain={NINES}"],
        ["apply", "in.wav", "o.wav", "echo", f"delay={NINES}"],
        ["run", "echo.yaml", "--set", f"stages[0].gain={NINES}"],
        ["run", "echo.yaml", f"gain={NINES}"],
        ["run", "echo.yaml", "--jobs", NINES],
        ["bake", "echo.yaml", "-o", "t.wav", "--fs", NINES],
        ["info", f"{NINES}.wav"],
        ["plan", "echo.yaml", NINES],
        ["match", "in.wav", "-t", NINES],
        ["match", "in.wav", "-t", "in.wav", "--threshold", NINES],
        ["stages", NINES],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_a_value_of_5000_digits_is_not_echoed_whole(faltung, place, words):  # noqa: F811
    done = faltung(*words)
    assert done.code in (1, 2)
    assert NINES not in done.err + done.out
    assert "Traceback" not in done.err
