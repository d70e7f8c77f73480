"""Settings refuse in our own words, say what they are to `help` and `inspect`, and are shown as people write them."""

from __future__ import annotations

import doctest
import inspect
import pickle
import pydoc
import subprocess
import sys
import warnings
from typing import Annotated, Any

import pytest

import pipeline
from pipeline import Amplitude, Delay, Echo, Fir, Gain, Options, Parallel, Resample, Reverb, Seconds, Within
from pipeline.errors import SettingError
from pipeline.settings import Settings, descriptions, own_text
from pipeline.stages.base.registry import available_stages, stage_class, stage_from_settings

SHIPPED = sorted(source.name for source in available_stages() if source.distribution == "faltung")


def test_a_setting_misspelt_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingError) as refused:
        Echo(gian="-6 dB")  # type: ignore[call-arg]
    assert str(refused.value) == "gian: unknown setting of 'echo'; did you mean 'gain'?"
    assert refused.value.path == ("gian",)


def test_a_value_that_is_wrong_is_refused_as_in_a_configuration() -> None:
    with pytest.raises(ValueError, match=r"^delay: '250 m' is ambiguous: write 'ms' for milliseconds or 'min' for min"):
        Echo(delay="250 m")  # type: ignore[arg-type]


def test_all_that_is_wrong_is_told_at_once_each_with_its_place() -> None:
    with pytest.raises(SettingError) as refused:
        Parallel(branches=[[{"use": "gain", "gain": "loud"}], [{"use": "echo", "gian": 1}]])  # type: ignore[arg-type]
    first, second = str(refused.value).splitlines()
    assert first.startswith("branches[0][0].gain: cannot read 'loud' as a gain")
    assert second == "branches[1][0].gian: unknown setting of 'echo'; did you mean 'gain'?"
    assert [one.path for one in refused.value.others] == [("branches", 1, 0, "gian")]
    assert str(refused.value.under("stages", 2)).splitlines()[1].startswith("stages[2].branches[1][0].gian: unknown")


def test_no_word_of_pydantic_reaches_the_user() -> None:
    for wrong in ({}, {"length": 3}, {"low": []}, {"id": "1"}, {"enabled": "perhaps"}):
        with pytest.raises(SettingError) as refused:
            Fir(**wrong)
        assert "pydantic" not in str(refused.value)
        assert "://" not in str(refused.value)


def test_options_are_refused_alike() -> None:
    with pytest.raises(SettingError, match=r"^tial: unknown setting; did you mean 'tail'\?$"):
        Options(tial="trim")  # type: ignore[call-arg]


def test_the_stage_is_called_gain_and_the_type_of_a_factor_amplitude() -> None:
    assert Gain(gain="-6 dB").gain == pytest.approx(0.501187, abs=1e-6)  # type: ignore[arg-type]
    with pytest.warns(DeprecationWarning, match=r"pipeline\.GainStage is called pipeline\.Gain now"):
        assert pipeline.GainStage is Gain


def test_a_plugin_that_still_annotates_with_gain_works_and_is_told() -> None:
    with pytest.warns(DeprecationWarning, match=r"the type of a setting that holds a factor is pipeline\.Amplitude"):

        class Old(Settings):
            level: Gain | None = None
            peak: Annotated[Gain, Within("-300 dB", "0 dB")] = 1.0  # type: ignore[assignment]

    assert Old(level="-20 dB", peak="50%").level == pytest.approx(0.1)  # type: ignore[arg-type, comparison-overlap]
    with pytest.raises(SettingError, match="peak: must be at most 0 dB"):
        Old(peak=2)  # type: ignore[arg-type]
    assert "x-unit" in str(Old.model_json_schema())


def test_a_subclass_of_the_stage_gain_is_a_stage() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Louder(Gain):
            """Louder."""

    assert Louder(gain=2).gain == 2


# ---- what help and inspect say ---------------------------------------------------------------------------------------


def test_a_signature_names_the_settings_their_types_and_defaults() -> None:
    text = str(inspect.signature(Echo))
    assert text.startswith("(*, delay: Seconds | None = None, gain: Amplitude | None = None, repeats: int | None = ")
    assert text.endswith("id: str | None = None, enabled: bool = True)")
    assert str(inspect.signature(Gain)).startswith("(*, gain: Amplitude, id: ")
    assert str(inspect.signature(Options)).startswith("(*, precision: 'double' | 'single' = 'double', tail: 'keep' | ")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_signature_is_short_and_takes_what_the_examples_give(name: str) -> None:
    cls = stage_class(name)
    signature = inspect.signature(cls)
    assert len(str(signature)) < 700
    for example in cls.examples:
        signature.bind(**example)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_docstring_tells_every_setting_and_its_examples_run(name: str) -> None:
    cls = stage_class(name)
    text = inspect.getdoc(cls)
    assert text is not None
    for setting in cls.model_fields:
        assert f"\n{setting} : " in text
    test = doctest.DocTestParser().get_doctest(text, {cls.__name__: cls}, name, None, None)
    assert len(test.examples) >= len(cls.examples) > 0
    assert doctest.DocTestRunner().run(test).failed == 0


def test_help_shows_the_signature_and_every_setting() -> None:
    shown = pydoc.plain(pydoc.render_doc(Delay))
    assert "\n |  Delay(*, delay: Seconds, id: str | None = None, enabled: bool = True)\n" in shown
    assert f"\n |  Settings\n |  --------\n |  delay : Seconds\n |      {descriptions(Delay)['delay'][:30]}" in shown
    assert Delay(delay=1).__doc__ == own_text(Delay)  # type: ignore[arg-type]


def test_the_text_of_the_source_is_there_by_itself() -> None:
    assert own_text(Gain) == "Multiplies every sample: ``h = [g]``, ``y[n] = g x[n]``."
    assert Gain.model_json_schema()["description"] == own_text(Gain)


def test_no_source_is_read_before_somebody_asks() -> None:
    program = (
        "import inspect, linecache; inspect.getsource = None; import pipeline; pipeline.Echo(delay=1); pipeline.Fir; "
        "print(len(linecache.cache))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


# ---- shown as people write them --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"delay": "250 ms", "gain": "-6 dB", "repeats": 4}, "Echo(delay='250 ms', gain='-6 dB', repeats=4)"),
        ({"delay": "2 samples", "gain": 0.5}, "Echo(delay='2 samples', gain=0.5)"),
        ({"delay": 1.5, "id": "hall"}, "Echo(delay='1.5 s', id='hall')"),
        ({"delay": "10.03 ms", "t60": "2 min"}, "Echo(delay='10.03 ms', t60='120 s')"),
        (
            {"taps": [{"delay": "120 ms", "gain": "-4 dB"}]},
            "Echo(taps=[{'delay': '120 ms', 'gain': '-4 dB'}])",
        ),
    ],
)
def test_a_stage_is_shown_as_it_is_written(settings: dict[str, Any], shown: str) -> None:
    stage = Echo(**settings)
    assert repr(stage) == str(stage) == shown
    assert eval(shown) == stage


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shown_is_read_back_to_an_equal_stage(name: str) -> None:
    names = {stage_class(other).__name__: stage_class(other) for other in SHIPPED}
    for example in stage_class(name).examples:
        stage = stage_from_settings({"use": name, **example})
        again = eval(repr(stage), names)
        assert again == stage
        assert again.model_dump() == stage.model_dump()


def test_frequencies_and_fractions_are_shown_with_their_unit_where_that_is_shorter() -> None:
    assert repr(Reverb(ir="hall.wav", mix="30%")) == "Reverb(ir='hall.wav', mix=0.3)"  # type: ignore[arg-type]
    assert repr(Resample(fs="16 kHz")) == "Resample(fs='16 kHz')"  # type: ignore[arg-type]


def test_an_error_survives_pickling() -> None:
    error = SettingError("is wrong", "stages", 1)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_field_type_is_known_by_its_name_however_it_is_held() -> None:
    class Held(Settings):
        one: Annotated[Seconds, Within("0 s")]
        many: tuple[Amplitude, ...] | Amplitude = ()

    assert str(inspect.signature(Held)) == "(*, one: Seconds, many: list[Amplitude] | Amplitude = [])"
