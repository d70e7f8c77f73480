"""Stages made for these tests, registered while they run and forgotten afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.errors import SettingError
from pipeline.fields import Amplitude, Fraction, InputFile, Seconds, Within
from pipeline.kernel import Kernel
from pipeline.stages.base import Format, KernelStage, registry
from pipeline.stages.base.registry import AnyStage, stage


class Tap(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    delay: Seconds
    gain: Amplitude = 1.0


class Identity(KernelStage):
    def kernel(self, fmt: Format) -> Kernel:
        return Kernel.identity()


@pytest.fixture(autouse=True)
def stages(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("FALTUNG_NO_PLUGINS", "1")

    @stage("test.echo")
    class Echo(Identity):
        """An echo that is none."""

        delay: Annotated[Seconds, Within("0 s", "10 s")]
        """How much later: `250 ms`."""
        gain: Amplitude = 0.5
        repeats: Annotated[int, Field(ge=1, le=100)] = 1
        window: Literal["hann", "gaussian"] = "hann"
        taps: tuple[Tap, ...] | None = None
        pause: Seconds = "20 ms"  # type: ignore[assignment]

        @model_validator(mode="after")
        def _said_once(self) -> Echo:
            if self.gain > 1:
                raise SettingError("must be below 0 dB", "gain")
            return self

    @stage("test.room")
    class Room(Identity):
        """A room that is none."""

        ir: InputFile
        mix: Fraction = 1.0
        shape: Amplitude | tuple[Amplitude, ...] | None = None

    @stage("test.sum")
    class Sum(Identity):
        """Branches that are not summed."""

        branches: tuple[tuple[AnyStage, ...], ...]

    yield {"test.echo": Echo, "test.room": Room, "test.sum": Sum}
    for name in ("test.echo", "test.room", "test.sum"):
        del registry._registered[name]
