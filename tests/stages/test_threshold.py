"""Thresholds are set in exactly one way, and from decoys only where a template is not its own reversal."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingError
from pipeline.settings import Settings
from pipeline.stages.base.templates import Template
from pipeline.stages.base.threshold import MIN_ASYMMETRY, Rate, Threshold, check_decoys


class Search(Settings):
    threshold: Threshold


@pytest.mark.parametrize(
    ("written", "held"),
    [
        (0.7, {"score": 0.7}),
        (1, {"score": 1.0}),
        (0, {"score": 0.0}),
        ({"score": 0.7}, {"score": 0.7}),
        ({"mad": 8}, {"mad": 8.0}),
        ({"false_alarms": "1 per hour"}, {"false_alarms": Rate(1.0, "hour")}),
        ({"false_alarms": "0.5/minute"}, {"false_alarms": Rate(0.5, "minute")}),
        ({"false_alarms": " 3 per  day "}, {"false_alarms": Rate(3.0, "day")}),
        ({"fdr": "5%"}, {"fdr": 0.05}),
        ({"fdr": 0.05}, {"fdr": 0.05}),
        ("0.7", {"score": 0.7}),
        ("score 0.7", {"score": 0.7}),
        (" mad 8 ", {"mad": 8.0}),
        ("1 per hour", {"false_alarms": Rate(1.0, "hour")}),
        ("2/day", {"false_alarms": Rate(2.0, "day")}),
        ("fdr 5%", {"fdr": 0.05}),
    ],
)
def test_one_way_is_held_and_written_and_read_back(written, held):
    search = Search(threshold=written)
    assert {name: value for name, value in search.threshold if value is not None} == held
    for unset in (True, False):
        text = yaml.safe_dump(search.model_dump(mode="json", exclude_unset=unset))
        assert list(yaml.safe_load(text)["threshold"]) == list(held)
        assert Search(**yaml.safe_load(text)) == search
    assert search.threshold.needs_decoys == (next(iter(held)) in ("false_alarms", "fdr"))
    assert search.threshold.needs_median == (next(iter(held)) == "mad")


@pytest.mark.parametrize(
    ("written", "match"),
    [
        ({}, "set exactly one of 'score', 'mad', 'false_alarms' and 'fdr', got none"),
        ({"score": 0.7, "mad": 8}, "set exactly one of .*, got score and mad"),
        ("high", r"must be a number, or one of 'score: 0\.7', .*'fdr: 5%', got 'high'"),
        ("0.7 or so", "must be a number, or one of .*, got '0.7 or so'"),
        ("mad", "must be a number"),
        ("1 per week", "unknown stretch of time 'week'"),
        ("fdr 5", r"did you mean '5%'\?"),
        ("1" * 1000, "must be a number, or one of"),
        (True, "must be a number, or one of .*, got True"),
        (-0.1, "must be at least 0"),
        (float("nan"), "finite"),
        ({"mad": 0}, "must be above 0"),
        ({"mad": float("inf")}, "finite"),
        ({"fdr": 0}, "must be above 0, got 0"),
        ({"fdr": 5}, r"a fraction must be from 0 to 1 \(0% to 100%\), got 5; did you mean '5%'\?"),
        ({"fdr": 1}, r"must be at most 0\.99, got 1"),
        ({"false_alarms": 1}, r"cannot read 1 as a rate; write a number per second, .* such as '1 per hour'"),
        ({"false_alarms": "1 an hour"}, "cannot read '1 an hour' as a rate"),
        ({"false_alarms": "-1 per hour"}, "cannot read '-1 per hour' as a rate"),
        ({"false_alarms": "1 per week"}, "unknown stretch of time 'week' in '1 per week'; write a number per second"),
        ({"false_alarms": "0 per hour"}, "must be finite and above 0, got '0 per hour'; no threshold can promise none"),
        ({"false_alarms": "1e999 per hour"}, "must be finite and above 0, got '1e999 per hour'"),
        ({"false_alarms": "1" * 1000 + " per hour"}, "cannot read"),
        ({"rate": 1}, "rate: unknown setting"),
    ],
)
def test_what_is_no_threshold_is_refused(written, match):
    with pytest.raises(SettingError, match=match):
        Search(threshold=written)


@given(st.floats(5e-324, 1e300), st.sampled_from(["second", "minute", "hour", "day"]))
def test_a_rate_is_read_back_to_the_same_value(count, per):
    rate = Threshold(false_alarms=f"{count!r} per {per}").false_alarms
    assert Threshold(false_alarms=str(rate)).false_alarms == rate


def test_a_rate_in_hertz():
    rates = [Rate(6, per).per_second for per in ("second", "minute", "hour", "day")]
    np.testing.assert_allclose(rates, [6, 0.1, 6 / 3600, 6 / 86400])


def test_the_schema_takes_a_number_or_one_way():
    schema = Search.model_json_schema()
    for good in (0.7, "mad 8", {"mad": 8}, {"false_alarms": "1 per hour"}, {"fdr": "5%"}):
        jsonschema.validate({"threshold": good}, schema)
    for bad in (True, {}, {"mad": 8, "score": 1}, {"rate": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"threshold": bad}, schema)
    ways = schema["$defs"]["Threshold"]["properties"]
    assert all(way["description"] for way in ways.values())


def template(*columns):
    return Template("t", np.stack(columns, axis=1).astype(np.float64))


RAMP, BUMP = np.arange(20.0) ** 3, np.hanning(20)


@pytest.mark.parametrize("setting", [{"false_alarms": "1 per hour"}, {"fdr": 0.1}])
def test_a_template_that_is_its_own_reversal_has_no_decoy(setting):
    match = (
        rf"threshold\.{next(iter(setting))}: the template 't' is nearly its own reversal: its asymmetry must be at "
        r"least 0\.1, got .*cannot tell what chance gives; set threshold: 0\.7 or mad 8 instead"
    )
    for symmetric in (template(BUMP), template(RAMP, BUMP), template(np.sin(np.arange(20) * 2 * np.pi / 20))):
        with pytest.raises(SettingError, match=match):
            check_decoys(Threshold(**setting), [template(RAMP), symmetric])
    check_decoys(Threshold(**setting), [template(RAMP), template(RAMP, RAMP[::-1])])


def test_thresholds_without_decoys_take_any_template():
    check_decoys(Threshold(score=0.7), [template(BUMP)])
    check_decoys(Threshold(mad=8), [template(BUMP)])


def test_asymmetry_is_that_of_the_shape_not_of_its_mean():
    rng = np.random.default_rng(0)
    check_decoys(Threshold(fdr=0.1), [template(1e3 + rng.standard_normal(100))])
    for level in (1e308, 1e-308):  # sums of the first are over the range of numbers
        check_decoys(Threshold(fdr=0.1), [template(level * rng.uniform(-1, 1, 100))])


def test_the_asymmetry_told_is_what_the_decoy_lacks_on_the_event_itself():
    t = np.hanning(300) * np.sin(np.arange(300) / 3) + 0.004 * np.arange(300)
    t -= t.mean()
    best = np.abs(np.correlate(np.pad(t, 300), t[::-1], "valid")).max() / (t @ t)
    assert 0.001 < 1 - best < MIN_ASYMMETRY
    with pytest.raises(SettingError, match=f"got {1 - best:.2g};"):
        check_decoys(Threshold(fdr=0.1), [template(t)])
