"""The table of advice about stages, their settings and units."""

from __future__ import annotations

from tests.cli.hints.rows import AP, GAIN, cfg, cmd

STAGES = (
    cfg("files", "convert it", "{use: convolve, file: six.wav}", then="{use: convolve, file: part.wav}"),
    cfg(
        "files",
        "set resample: true or convert it",
        "{use: reverb, ir: six.wav}",
        then="{use: reverb, ir: six.wav, resample: true}",
    ),
    cmd(
        "files", "set resample: true or convert it", f"{AP} reverb ir=six.wav", f"{AP} reverb ir=six.wav resample=true"
    ),
    cfg(
        "files",
        "format: for another",
        "{use: convolve, file: raw.f32}",
        words="-v",
        then="{use: convolve, file: raw.f32, format: FLOAT32_LE}",
    ),
    cfg(
        "templates",
        "give one column, or one each",
        "{use: match, template: {file: three.wav}}",
        then="{use: match, template: {file: part.wav}}",
    ),
    cfg(
        "match",
        "lower the floor or widen the band",
        "{use: match, template: part.wav, domain: spectrogram, spectrogram: {floor: -1 dB}}",
        then="{use: match, template: part.wav, domain: spectrogram, spectrogram: {floor: -80 dB}}",
    ),
    cfg(
        "events",
        "or set threshold: 0.7 or mad 8",
        "{use: match, template: part.wav, threshold: 60 per hour}",
        then="{use: match, template: part.wav, threshold: mad 8}",
    ),
    cfg(
        "events",
        "or set threshold: 0.7 or mad 8",
        "{use: match, template: part.wav, threshold: 60 per hour}",
        then="{use: match, template: part.wav, threshold: 0.7}",
    ),
    cfg(
        "templates",
        "state the end of a slice once:",
        "{use: match, template: {file: in.wav, start: 0.1, end: 0.2, length: 0.1}}",
        then="{use: match, template: {file: in.wav, start: 0.1, end: 0.2}}",
    ),
    cfg(
        "threshold",
        "write a number per second",
        "{use: match, template: part.wav, threshold: 1 per fortnight}",
        source="long.wav",
        then="{use: match, template: part.wav, threshold: 60 per hour}",
    ),
    cfg(
        "threshold",
        "set exactly one of",
        "{use: match, template: part.wav, threshold: {score: 0.7, mad: 8}}",
        then="{use: match, template: part.wav, threshold: {score: 0.7}}",
    ),
    cfg(
        "threshold",
        "set threshold: 0.7 or mad 8 instead",
        "{use: match, template: even.wav, threshold: 60 per hour}",
        then="{use: match, template: even.wav, threshold: 0.7}",
    ),
    cmd(
        "threshold",
        "set threshold: 0.7 or mad 8 instead",
        "match in.wav -t even.wav --threshold '60 per hour'",
        "match in.wav -t even.wav --threshold 0.7",
    ),
    cfg(
        "match",
        "take score: ncc",
        "{use: match, template: part.wav, domain: spectrogram, score: correlation}",
        then="{use: match, template: part.wav, domain: spectrogram, score: ncc}",
    ),
    cfg(
        "match",
        "take a longer template or a shorter window",
        "{use: match, template: {file: in.wav, start: 0, end: 5 ms}, domain: spectrogram}",
        then="{use: match, template: {file: in.wav, start: 0, end: 500 ms}, domain: spectrogram}",
    ),
    cfg(
        "spectrogram",
        "take a wider band",
        "{use: match, template: part.wav, domain: spectrogram, spectrogram: {low: 101, high: 102}}",
        then="{use: match, template: part.wav, domain: spectrogram, spectrogram: {low: 100, high: 3000}}",
    ),
    cfg(
        "convolve",
        "state the kernel once:",
        "{use: convolve, taps: [1], file: part.wav}",
        then="{use: convolve, taps: [1]}",
    ),
    cfg(
        "deconvolve",
        "state the kernel once:",
        "{use: deconvolve, taps: [1, 0.5], file: part.wav}",
        then="{use: deconvolve, taps: [1, 0.5]}",
    ),
    cfg(
        "files",
        "give one column, or one each",
        "{use: convolve, file: three.wav}",
        then="{use: convolve, file: part.wav}",
    ),
    cfg(
        "echo",
        "state one of them",
        "{use: echo, delay: 1 ms, gain: 0.5, feedback: 0.5}",
        then="{use: echo, delay: 1 ms, gain: 0.5}",
    ),
    cfg(
        "fir",
        "write decibels such as",
        "{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 300 Hz, attenuation: much}",
        then="{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 300 Hz, attenuation: 60 dB}",
    ),
    cfg(
        "fir",
        "says how far down the stopband lies: write",
        "{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 300 Hz, attenuation: -60 dB}",
        then="{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 300 Hz, attenuation: 60 dB}",
    ),
    cfg("fir", "state the design or the taps", "{use: fir, kind: lowpass, taps: [1]}", then="{use: fir, taps: [1]}"),
    cfg(
        "normalize",
        "state one of them",
        "{use: normalize, peak: -1 dB, rms: -20 dB}",
        then="{use: normalize, peak: -1 dB}",
    ),
    cfg(
        "parallel",
        "put it before or after",
        "{use: parallel, branches: [[{use: reverse}], []]}",
        then="{use: reverse}, {use: parallel, branches: [[], []]}",
    ),
    cfg(
        "route",
        "state the routing once:",
        "{use: route, to: stereo, matrix: [[1, 0], [0, 1]]}",
        then="{use: route, matrix: [[1, 0], [0, 1]]}",
    ),
    cfg("registry", "did you mean", "{use: gian, gain: 0.5}", then=GAIN),
    cfg(
        "registry",
        "did you mean {use: {}}?",
        "{use: lowpass, cutoff: 1 kHz}",
        then="{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 300 Hz}",
    ),
    cmd(
        "registry",
        "did you mean {use: {}}?",
        f"{AP} lowpass cutoff=1kHz",
        f"{AP} fir kind=lowpass 'cutoff=1 kHz' 'transition=300 Hz'",
    ),
    cfg("units", "write seconds as a number", "{use: delay, delay: soon}", then="{use: delay, delay: 250 ms}"),
    cfg("units", "write hertz as a number", "{use: resample, fs: fast}", then="{use: resample, fs: 4 kHz}"),
    cfg("units", "write a linear factor", "{use: gain, gain: loud}", then="{use: gain, gain: -6 dB}"),
    cfg(
        "units",
        "write a number from 0 to 1",
        "{use: reverb, ir: part.wav, mix: some}",
        then="{use: reverb, ir: part.wav, mix: 30%}",
    ),
    cfg("units", "to have it rounded", "{use: delay, delay: 0.5 samples}", then="{use: delay, delay: 0.5 ms}"),
    cfg("units", "is ambiguous: write 'ms'", "{use: delay, delay: 5 m}", then="{use: delay, delay: 5 ms}"),
    cmd("text", "did you mean '{} {}'?", f"{AP} delay 'delay=2 sec'", f"{AP} delay 'delay=2 s'"),
    cfg("units", "did you mean {}?", "{use: resample, fs: 4 khz}", then="{use: resample, fs: 4 kHz}"),
    cfg(
        "units",
        "; did you mean '{}%'?",
        "{use: reverb, ir: part.wav, mix: 30}",
        then="{use: reverb, ir: part.wav, mix: 30%}",
    ),
    cmd("fields", "; did you mean '{} ms'?", f"{AP} echo delay=250", f"{AP} echo 'delay=250 ms'"),
    cmd("doubts", "and the polarity turned; did you mean", f"{AP} gain gain=-6", f"{AP} gain 'gain=-6 dB'"),
    cmd("doubts", "are seconds; did you mean", f"{AP} delay delay=250", f"{AP} delay 'delay=250 ms'"),
    cmd("doubts", "are hertz; did you mean", f"{AP} resample fs=44.1", f"{AP} resample 'fs=44.1 kHz'"),
)
