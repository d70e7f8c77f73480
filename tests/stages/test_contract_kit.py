"""The contract kit finds what it is for: each stage here breaks one promise, and the check of that name says so."""

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import field_serializer, model_validator

from pipeline import testing
from pipeline.errors import SettingError
from pipeline.kernel import Kernel
from pipeline.stages.base import Format, KernelStage, Stage, registry
from pipeline.stages.base.processors import KernelProcessor
from pipeline.stages.gain import Gain
from pipeline.testing import CHECKS, check_stage, parametrize_with_checks

MONO = Format(8000.0, 1)


class Faithful:
    """A processor that adds half of the last frame; the faulty ones differ from it in one place."""

    tail = 1

    def __init__(self, fmt):
        self.format, self.latency = fmt, 0
        self.last = fmt.empty(1)
        self.started = False

    def process(self, block):
        if not len(block):
            return self.format.empty()
        self.started = True
        out = block + np.concatenate([self.last, block[:-1]]) / 2
        self.last = block[-1:].copy()
        return out.astype(self.format.dtype)

    def flush(self):
        return self.last / 2 if self.started else self.format.empty()


class Comb(Stage):
    """y[n] = x[n] + x[n-1]/2."""

    use: ClassVar[str] = "test.comb"
    processor: ClassVar[Any] = Faithful
    taps: ClassVar[tuple[float, ...]] = (1.0, 0.5)

    def open(self, fmt):
        return self.processor(fmt)

    def kernel(self, fmt):
        return Kernel(np.array(self.taps))


class ForgetsAtEveryCut(Faithful):
    def process(self, block):
        self.last = self.last * 0
        return super().process(block)


class DropsTheTail(Faithful):
    def flush(self):
        return self.format.empty()


class PadsNothing(Faithful):
    def flush(self):
        return self.last / 2


class AltersTheInput(Faithful):
    def process(self, block):
        out = super().process(block)
        block *= 2
        return out


class KeepsTheCallersBlock(Faithful):
    def process(self, block):
        out = super().process(block)
        if len(block):
            self.last = block[-1:]
        return out


class SharesItsMemory(Faithful):
    shared = None

    def process(self, block):
        if SharesItsMemory.shared is not None and SharesItsMemory.shared.shape == self.last.shape:
            self.last = SharesItsMemory.shared
        out = super().process(block)
        SharesItsMemory.shared = self.last
        return out


class Clips(Faithful):
    def process(self, block):
        return np.clip(super().process(block), -1, 1)


class Fades(Faithful):
    n = 0

    def process(self, block):
        out = super().process(block)
        ramp = 1 / (1 + np.arange(self.n, self.n + len(out)))[:, None]
        self.n += len(out)
        return (out * ramp).astype(out.dtype)


class LeaksBetweenChannels(Faithful):
    def process(self, block):
        out = super().process(block)
        return out + 1e-9 * out[:, :1].astype(out.dtype)


class ComputesInSinglePrecision(Faithful):
    def process(self, block):
        return super().process(block.astype(np.float32)).astype(self.format.dtype)

    def flush(self):
        return super().flush().astype(self.format.dtype)


class GivesDoublePrecision(Faithful):
    def process(self, block):
        return super().process(block).astype(np.float64)


class LosesAChannelAtTheEnd(Faithful):
    def flush(self):
        return super().flush()[:, :-1]


class SeesTheFuture:
    """Keeps everything, and makes every frame depend on the last."""

    def __init__(self, fmt):
        self.format, self.latency, self.tail, self.blocks = fmt, 0, 0, []

    def process(self, block):
        self.blocks.append(block.copy())
        return self.format.empty()

    def flush(self):
        x = np.concatenate([self.format.empty(), *self.blocks])
        return x + x[-1:] if len(x) else x


class RoundsInSinglePrecision(Faithful):
    """Rounds to coarse steps in single precision alone."""

    def process(self, block):
        out = super().process(block)
        return (np.round(out * 256) / 256).astype(out.dtype) if out.dtype == np.float32 else out


class RemembersTheFirst(Faithful):
    """What a first signal left in the class changes a second that is opened later."""

    level = 1.0

    def __init__(self, fmt):
        super().__init__(fmt)
        RemembersTheFirst.level *= 1.5

    def process(self, block):
        return (super().process(block) * self.level).astype(self.format.dtype)


class LosesAFrameAtACut(Faithful):
    """Gives one frame less for each block but the first; where all comes at once, none."""

    def process(self, block):
        begun = self.started
        return super().process(block)[begun:]


class HasAnOffset(Faithful):
    def process(self, block):
        return super().process(block) + self.format.dtype.type(1)


class GivesOneArrayAgainAndAgain(Faithful):
    def __init__(self, fmt):
        super().__init__(fmt)
        self.given = np.zeros((1 << 16, fmt.channels), fmt.dtype)

    def process(self, block):
        self.given[: len(block)] = super().process(block)
        return self.given[: len(block)]


class MindsAnother(Faithful):
    """One that begins while another is at work comes out louder; the other does not."""

    at_work, second = False, False

    def process(self, block):
        if len(block) and not self.started:
            self.second, MindsAnother.at_work = MindsAnother.at_work, True
        return super().process(block) * self.format.dtype.type(1 + self.second)

    def flush(self):
        MindsAnother.at_work = False
        return super().flush()


@pytest.mark.parametrize(
    ("processor", "check", "said"),
    [
        (GivesDoublePrecision, "blocks_fit_the_format", "float64 came out of float32 .*; give each block out with"),
        (LosesAChannelAtTheEnd, "blocks_fit_the_format", r"shape \(0, 0\) came out, its format says \(0, 1\) .*; give"),
        (
            LosesAFrameAtACut,
            "chunks_do_not_matter",
            "cut into single frames.*: .* frames, in one block .*; keep in the",
        ),
        (HasAnOffset, "time_invariant", "silence, before the signal: off by 1, .*; let nothing depend on the place"),
        (GivesOneArrayAgainAndAgain, "blocks_belong_to_the_caller", "given out was altered later .* a new array each"),
        (MindsAnother, "opens_are_independent", "the first signal changed the second .*; keep state in the processor"),
        (
            ForgetsAtEveryCut,
            "chunks_do_not_matter",
            "frames differ, the first is .*; keep in the processor what the next",
        ),
        (
            DropsTheTail,
            "number_of_frames",
            r"1 frames in, 1 out; promised are 0 latency \+ 1 \+ 1 tail.*; give in flush\(\)",
        ),
        (
            PadsNothing,
            "number_of_frames",
            r"0 frames in, 1 out; promised are none of none.*; give in flush\(\) what is",
        ),
        (AltersTheInput, "blocks_belong_to_the_caller", "the input was altered .*; copy what you keep of a block"),
        (KeepsTheCallersBlock, "blocks_belong_to_the_caller", "overwriting a block after .*; copy what you keep"),
        (SharesItsMemory, "opens_are_independent", "a second signal changed the first .*; keep state in the processor"),
        (RemembersTheFirst, "opens_are_independent", "a second signal changed .*, never in the stage, its class"),
        (Clips, "linear", "the response to a sum.*: off by .*; compute without clipping"),
        (
            ComputesInSinglePrecision,
            "linear",
            "the response to a sum.*: off by .*; compute without .* rounding in between",
        ),
        (Fades, "time_invariant", "a delayed signal, and .*: off by .*; let nothing depend on the place in the signal"),
        (
            LeaksBetweenChannels,
            "channels_are_independent",
            "channel 0 changes another .*; compute each column by itself",
        ),
        (SeesTheFuture, "causal_but_for_its_latency", "the past of frame .*; give a frame once its latency has passed"),
        (
            RoundsInSinglePrecision,
            "precision_only_rounds",
            "single precision, and double: off .*; compute in the dtype of the",
        ),
        (Faithful, "kernel_is_impulse_response", ""),
    ],
)
def test_a_broken_promise_is_found_by_the_check_of_that_name_and_says_what_to_do(processor, check, said):
    class Broken(Comb):
        pass

    Broken.processor = processor
    run = getattr(testing, f"check_{check}")
    if said:
        with pytest.raises(AssertionError, match=f"(?s){said}"):
            run(Broken())
    run(Comb())


def test_state_that_does_not_survive_pickling_is_found():
    class Unlike(Comb):
        def __eq__(self, other):
            return self is other

        __hash__ = None

        def __reduce__(self):
            return Comb, ()

    with pytest.raises(AssertionError, match=r"pickled, .* came back as .*; let every setting be a field"):
        testing.check_pickles(Unlike())


@pytest.mark.parametrize("taps", [(1.0, 0.5000001), (1.0, 0.5, 0.0), (0.5, 1.0)])
def test_a_kernel_that_is_not_the_impulse_response_is_found(taps):
    class Broken(Comb):
        pass

    Broken.taps = taps
    with pytest.raises(
        AssertionError, match=r"; let kernel\(\) be what open\(\) does: its taps, and its origin the latency"
    ):
        testing.check_kernel_is_impulse_response(Broken())


def test_a_wrong_origin_is_found():
    class Broken(KernelStage):
        use: ClassVar[str] = "test.broken"

        def kernel(self, fmt):
            return Kernel(np.array([1.0, 2.0]), origin=1)

        def open(self, fmt):
            return KernelProcessor(Kernel(np.array([1.0, 2.0])), fmt)

    with pytest.raises(AssertionError, match=r"latency and tail are .*; let kernel\(\) be what open"):
        testing.check_kernel_is_impulse_response(Broken())


def test_a_setting_that_takes_anything_is_found():
    class Broken(Comb):
        anything: Any = None

    with pytest.raises(AssertionError, match=r"anything: \{'wrong': 'kind'\} is accepted; give the setting a type"):
        testing.check_bad_settings_are_named(Broken())


def test_a_setting_that_yaml_gives_back_otherwise_is_found(monkeypatch):
    class Rounded(Comb):
        use: ClassVar[str] = "test.rounded"
        level: float = 0.123

        @field_serializer("level")
        def _short(self, level: float) -> float:
            return round(level, 1)

    monkeypatch.setitem(registry._registered, "test.rounded", Rounded)
    with pytest.raises(AssertionError, match=r"(?s)came back as .*; let the type of each setting take what model_dump"):
        testing.check_settings_survive_yaml(Rounded(level=0.25))


def test_a_wrong_setting_that_is_told_without_its_name_is_found():
    class Vague(Comb):
        @model_validator(mode="before")
        @classmethod
        def _plain(cls, settings: Any) -> Any:
            if any(isinstance(value, dict) for value in settings.values()):
                raise ValueError("something is wrong")
            return settings

    with pytest.raises(AssertionError, match=r"a wrong no_such_setting is refused, but .* points at \[\]; check each"):
        testing.check_bad_settings_are_named(Vague())


def test_a_stage_without_a_name_is_found():
    class Nameless(Comb):
        use: ClassVar[str] = ""

    with pytest.raises(AssertionError, match="register it with @stage"):
        testing.check_settings_survive_yaml(Nameless())


def test_a_stage_that_takes_no_format_is_found_with_its_reason():
    class Picky(Comb):
        def open(self, fmt):
            raise SettingError("wants 5 channels", "channels")

    with pytest.raises(AssertionError, match="takes none of the formats tried; the last refusal: channels: wants 5"):
        testing.check_linear(Picky())


def test_a_format_of_ones_own_is_not_left_out():
    class Picky(Comb):
        def open(self, fmt):
            raise SettingError("wants 5 channels", "channels")

    with pytest.raises(SettingError, match="wants 5 channels"):
        testing.check_linear(Picky(), MONO)


def test_a_stage_that_keeps_its_promises_passes(monkeypatch):
    monkeypatch.setitem(registry._registered, "test.pass", Comb)
    monkeypatch.setattr(Comb, "use", "test.pass")
    check_stage(Comb())
    check_stage(Gain(gain=2), Format(44100.0, 5, "single"))


@parametrize_with_checks([Gain(gain=2)], fmt=Format(44100.0, 3))
def test_one_format_for_all_checks(stage, check):
    check(stage)


def test_an_expected_failure_of_no_check_is_refused():
    with pytest.raises(ValueError, match="no such check: check_nothing"):
        parametrize_with_checks([Gain(gain=2)], expected_failures={"check_nothing": "because"})


def test_every_check_is_named_and_says_what_it_holds():
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names)
    for check in CHECKS:
        assert check.__name__.startswith("check_")
        assert check.__doc__
        assert getattr(testing, check.__name__) is check
