"""The table of all advice of commands that read, compute and write; that about words and places is in `words.py`."""

from __future__ import annotations

from tests.cli.hints.rows import AP, GAP, NPY, TEN, Row, cfg, cmd, table

SMOOTH = "{use: smooth, length: 3 samples, phase: zero}"
COARSE = table(*(f"{k / 960:.3f},{k}" for k in range(2500) if k not in (500, 501, 502, 1700)))
TIMED = "time_column: time"
COUNTED = [f"{k},{k * k / 1000}" for k in range(10)]


def csv(module: str, fragment: str, rows: str | bytes, then_more: str, more: str = TIMED, **how: object) -> Row:
    """A row about a table ``x.csv``."""
    files = {"x.csv": rows}
    return cfg(module, fragment, more=more, then_more=then_more, source="x.csv", output="o.csv", files=files, **how)


def other(module: str, fragment: str, name: str, data: str, then: str, stages: str, **how: object) -> Row:
    """A row about a file ``name`` that a stage reads, and which ``then`` is in place of."""
    return cfg(module, fragment, stages, files={name: data}, mended={name: then}, **how)


TABLES = (
    csv("csv_reader", "name its time column", table(*TEN), TIMED, ""),
    csv("csv_reader", "give fs:", table(*TEN), "fs: 10", ""),
    csv("csv_reader", "take them out, as tr", "1\n" * 9000 + "\0\0", "fs: 1", "fs: 1", mended={"x.csv": "1\n"}),
    csv("source", "take them out: tr -d", "1\n\0\0", "fs: 1", "fs: 1", mended={"x.csv": "1\n"}),
    csv("source", "iconv -f UTF-32", "1\n".encode("utf-32"), "fs: 1", "fs: 1", mended={"x.csv": "1\n"}),
    csv(
        "timecolumn",
        "write the same in all rows",
        table("2024-01-01 00:00:00Z,1", "2024-01-01 00:00:01,2"),
        TIMED,
        mended={"x.csv": table("2024-01-01 00:00:00Z,1", "2024-01-01 00:00:01Z,2")},
    ),
    csv("csv_reader", "into a .json of the same name", table(*TEN), "", "", mended={"x.json": '{"fs": 10}'}),
    csv(
        "csv_reader",
        "choose others with columns:",
        table("0,1,a", "1,2,b", header="n,x,w"),
        "fs: 1\ncolumns: [x]",
        "fs: 1",
    ),
    csv(
        "csv_reader",
        "choose others with columns:",
        table("0,1,", "1,2,", header="time,x,remark"),
        f"{TIMED}\ncolumns: [1]",
        TIMED,
    ),
    csv("csv_reader", "is a channel; choose others with columns: {}", table(*COUNTED), "fs: 1\ncolumns: [1]", "fs: 1"),
    csv(
        "csv_reader",
        "either seconds or the rows; if the rows, give fs:",
        table(*COUNTED, header="n,x"),
        "fs: 360\ncolumns: [1]",
        "time_column: n",
    ),
    other("csv_reader", "counts the rows; leave it out", "h.txt", table(*COUNTED), "1\n2\n", "{use: fir, taps: h.txt}"),
    cmd(
        "csv_reader",
        "name its time column",
        "apply x.csv o.csv gain gain=1 --overwrite",
        "apply x.csv o.csv gain gain=1 --overwrite -s 'time_column=Time (s), own'",
        files={"x.csv": table(*TEN, header='"Time (s), own",x')},
    ),
    cmd(
        "csv_reader",
        "name its time column",
        "apply x.csv o.csv gain gain=1 --overwrite",
        "apply x.csv o.csv gain gain=1 --overwrite -s fs=100",
        files={"x.csv": "Sample Interval,10 ms\nA,B\n1.5,2\n1,2\n2,4\n"},
    ),
    cmd(
        "timecolumn",
        "may be a day and a month or a month and a day;",
        "apply x.csv o.csv gain gain=1 --overwrite -s time_column=time",
        "apply x.csv o.csv gain gain=1 --overwrite -s time_column=time -s 'table={time_format: \"%m/%d/%y %I:%M %p\"}'",
        files={"x.csv": table("03/05/24 11:59 AM,1", "03/05/24 12:00 PM,2", "03/05/24 12:01 PM,2")},
    ),
    csv("timecolumn", "rows{} tell no rate; give fs:{}", table("2024-01-01,1", "2024-01-01,2"), f"{TIMED}\nfs: 1"),
    csv(
        "csv_reader",
        "but a time; set time_column:",
        table("2024-01-01 00:00:00,1", "2024-01-01 00:00:01,2"),
        TIMED,
        "fs: 1",
    ),
    csv(
        "csv_reader", "a missing value; set gaps: interpolate", table("0,1", "1,", "2,3"), f"{TIMED}\ngaps: interpolate"
    ),
    csv(
        "csv_reader",
        "a missing value; set gaps: interpolate",
        table("0,1", "1,", "2,3"),
        f"{TIMED}\ngaps: nan\nnonfinite: propagate",
    ),
    csv(
        "csv_reader",
        "or table: {decimal: ','}",
        table("0;1.5", "1;2,5", header="time;x"),
        "table: {decimal: ','}\nfs: 1",
        "fs: 1\ntable: {decimal: '.'}",
        mended={"x.csv": table("0;1,5", "1;2,5", header="time;x")},
    ),
    csv("timegrid", "set gaps: interpolate or nan, or split", table(*GAP), f"{TIMED}\ngaps: interpolate"),
    csv("timegrid", "set gaps: interpolate or nan, or split", table(*GAP), f"{TIMED}\ngaps: split"),
    csv(
        "timegrid",
        "or set gaps: split",
        table("0,1", "1,2", "2,3", "4.5,4", "5.5,5"),
        f"{TIMED}\ngaps: split",
        f"{TIMED}\ngaps: interpolate",
    ),
    csv(
        "timegrid",
        "set time_unit:",
        table("0,1", "1000,2", "2000,3"),
        f"{TIMED}\nfs: 1\ntime_unit: ms",
        f"{TIMED}\nfs: 1",
    ),
    csv("timegrid", "or give fs: to take the rows as even", table("0,1", "1,2", "1.8,3", "3,4", "4,5"), "fs: 1"),
    csv(
        "timegrid",
        "{}: {}; give fs:",
        COARSE,
        f"{TIMED}\nfs: 960\ngaps: nan\nnonfinite: propagate",
        f"{TIMED}\ngaps: nan\nnonfinite: propagate",
    ),
    csv(
        "timecolumn",
        "{}; set time_unit: for others",
        table("1700000000000,1", "1700000001000,2"),
        f"{TIMED}\ntime_unit: ms",
    ),
    csv(
        "timecolumn",
        "set time_unit: {} or another if they are not",
        table("0,1", "20,2", "40,3"),
        f"{TIMED}\ntime_unit: ms",
    ),
    csv("timecolumn", "set time_unit: {} or another if they are not", table("0,1", "20,2"), f"{TIMED}\ntime_unit: s"),
    csv(
        "timecolumn",
        "its numbers are dates, as {}; set time_unit: s if not",
        table("20240101,1", "20240102,2", "20240103,3"),
        f"{TIMED}\ntime_unit: s",
    ),
    csv(
        "timegrid",
        "leave one of the two out",
        table("0,1", "1,2", "1,2", "2,3"),
        TIMED,
        TIMED,
        mended={"x.csv": table("0,1", "1,2", "2,3")},
    ),
    csv("timegrid", "sort the rows", table("1,2", "0,1", "2,3"), TIMED, TIMED, mended={"x.csv": table(*TEN)}),
    csv("timegrid", "if it counts rows, leave it out", table(*TEN).replace(".", ""), "fs: 360", f"{TIMED}\nfs: 360"),
    csv(
        "timegrid",
        "or another says when clocks are changed",
        table(*(f"2024-10-27 {at},1" for at in ("02:00", "02:20", "02:40", "02:00", "02:20", "02:40", "03:00"))),
        f"{TIMED}\ntable: {{zone: Europe/Berlin}}",
    ),
    csv(
        "csv_reader",
        "says that it is a missing value",
        table("0,1", "1,2", "2,ERR", "3,4"),
        f"{TIMED}\ngaps: interpolate\ntable: {{missing: [ERR]}}",
    ),
    csv("timecolumn", "rows tell no rate; give fs:", table("0,1"), f"{TIMED}\nfs: 1"),
    csv(
        "timecolumn",
        "set gaps: split to make none",
        table("0,1", "1,2", "2000000,3"),
        f"{TIMED}\ngaps: split",
        f"{TIMED}\ngaps: nan\nnonfinite: propagate",
        mended={"x.csv": table("0,1", "1,2", "2000,3")},
    ),
    csv(
        "timecolumn",
        "set table: {time_format:",
        table("1/2/2024 10:00:00,1", "1/2/2024 10:00:01,2"),
        f"{TIMED}\ntable: {{time_format: '%d/%m/%Y %H:%M:%S'}}",
    ),
    csv(
        "gaps",
        "leave it out with columns:",
        table("0,,1", "1,,2", header="time,x,y"),
        f"{TIMED}\ngaps: interpolate\ncolumns: [y]",
        f"{TIMED}\ngaps: interpolate",
    ),
    csv("tables", "did you mean", table(*TEN), TIMED, "time_column: tmie"),
    csv(
        "tables",
        "give the position, from 0",
        table("0,1,2", "1,2,3", header="t,x,x"),
        "fs: 1\ncolumns: [1]",
        "fs: 1\ncolumns: [x]",
    ),
    other("dialect", "or two columns: write", "h.txt", "0,25\n0,5\n", "0.25\n0.5\n", "{use: convolve, file: h.txt}"),
    cfg(
        "dialect",
        " the first, table: {delimiter: {}} the second",
        "{use: convolve, file: h.txt}",
        files={"h.txt": "1 234,5\n"},
        then_more="table: {delimiter: ';'}\nclip: scale",
    ),
    cfg(
        "dialect",
        " the first, table: {delimiter: {}} the second",
        "{use: convolve, file: h.txt}",
        files={"h.txt": "1 234,5\n"},
        then_more="table: {delimiter: blanks}\nclip: scale",
    ),
    other("listed", "with commas", "h.h", "b[] = {1, 2}; a[] = {1};", "b[] = {0.1, 0.2};", "{use: fir, taps: h.h}"),
    other("listed", "with commas", "h.json", "[0.1, null]", "[0.1, 0.2]", "{use: convolve, file: h.json}"),
    other("listed", "or ';' between", "h.m", "[.1 .2\n.3 .4]", "[.1 .2; .3 .4]", "{use: reverb, ir: h.m}"),
    other("listed", "with commas", "h.py", "[.1 .2 ... .4]", "[.1, .2, .4]", "{use: correlate, template: h.py}"),
    other("dialect", "for two columns", "h.txt", "0,25\n0,5\n", "0, 25\n0, 5\n", "{use: convolve, file: h.txt}"),
    cfg(
        "parts",
        "set gaps: nan and nonfinite: propagate",
        "{use: match, template: {file: p.csv}}",
        f"{TIMED}\ngaps: split",
        then_more=f"{TIMED}\ngaps: nan\nnonfinite: propagate",
        source="gap.csv",
        output="o.csv",
        files={"p.csv": table("0,1", "0.1,3", "0.2,2")},
    ),
    cfg(
        "parts",
        "changes the rate; set gaps: interpolate",
        "{use: resample, fs: 5}",
        f"{TIMED}\ngaps: split",
        then_more=f"{TIMED}\ngaps: interpolate",
        source="gap.csv",
        output="o.csv",
    ),
    cfg(
        "parts",
        "which is for one signal; leave it out",
        SMOOTH,
        f"{TIMED}\ngaps: split\npre_roll: keep",
        then_more=f"{TIMED}\ngaps: split",
        source="gap.csv",
        output="o.csv",
    ),
)

EMPTY_WAV = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data\0\0\0\0"

SIGNALS = (
    cfg("stream", "set nonfinite: propagate", source="nan.wav", more="", then_more="nonfinite: propagate"),
    cfg(
        "stream",
        "set precision: double for such numbers, or",
        source="huge.npy",
        output="o.npy",
        more="fs: 8000\nprecision: single",
        then_more="fs: 8000\nprecision: double",
    ),
    cmd(
        "stream",
        "set precision: double for such numbers, or",
        f"{AP.replace('in.wav', 'huge.npy').replace('o.wav', 'o.npy')} gain gain=1 -s fs=8000 -s precision=single",
        f"{AP.replace('in.wav', 'huge.npy').replace('o.wav', 'o.npy')} gain gain=1 -s fs=8000 -s precision=double",
    ),
    cfg(
        "job",
        "set precision: double",
        "{use: gain, gain: 1e100}",
        output="o.npy",
        more="precision: single",
        then_more="precision: double",
    ),
    cmd(
        "stream",
        "set nonfinite: propagate",
        f"{AP.replace('in.wav', 'nan.wav')} gain gain=2",
        f"{AP.replace('in.wav', 'nan.wav')} gain gain=2 -s nonfinite=propagate",
    ),
    cfg("base", "set truncated: accept to take", source="cut.wav", then_more="truncated: accept"),
    cmd(
        "base",
        "set truncated: accept to take",
        f"{AP.replace('in.wav', 'cut.wav')} gain gain=2",
        f"{AP.replace('in.wav', 'cut.wav')} gain gain=2 -s truncated=accept",
    ),
    cfg(
        "base",
        "lower the gain, or write DOUBLE",
        "{use: gain, gain: 1e20}",
        "format: {subtype: FLOAT}",
        source="big.wav",
        then_more="format: {subtype: DOUBLE}",
    ),
    cfg(
        "base",
        "lower the gain, or write DOUBLE",
        "{use: gain, gain: 1e20}",
        "format: {subtype: FLOAT}\nclip: error",
        source="big.wav",
        then_more="format: {subtype: DOUBLE}\nclip: error",
    ),
    cfg(
        "quantise",
        "lower the gain or write FLOAT, or set clip: warn",
        "{use: gain, gain: 9}",
        "clip: error",
        then_more="clip: warn",
    ),
    cfg(
        "quantise",
        "lower the gain or write FLOAT, or set clip: warn",
        "{use: gain, gain: 9}",
        "clip: error",
        then_more="clip: error\nformat: {subtype: FLOAT}",
    ),
    cfg(
        "quantise",
        "find its cause, or write FLOAT",
        more="nonfinite: propagate\nformat: {subtype: PCM_16}",
        source="nan.wav",
        then_more="nonfinite: propagate\nformat: {subtype: FLOAT}",
    ),
    cfg("results", "lower the gain, or set clip: scale", "{use: gain, gain: 9}", then_more="clip: scale"),
    cfg("results", "lower the gain, or set clip: scale", "{use: gain, gain: 9}", then="{use: gain, gain: 0.9}"),
    cfg("formats", "leave fs out", more="fs: 44.1", then_more=""),
    cfg("kinds", "did you mean", output="o.wvv", then_output="o.wav"),
    cfg("kinds", ".wav, or", output="outdir", then_output="outdir.wav"),
    cfg("kinds", "for a folder", output="outdir", then_output="outdir/{stem}.wav"),
    cfg(
        "reverb", "set resample: true", "{use: reverb, ir: six.wav}", then="{use: reverb, ir: six.wav, resample: true}"
    ),
    cfg("encodings", "write .npy or .csv", "{use: resample, fs: 8000.5}", output="o.wav", then_output="o2.npy"),
    cmd(
        "encodings",
        "resample first:",
        "apply in.wav o.opus resample fs=44100",
        "apply in.wav o.opus resample fs=44100 : resample fs=48000",
    ),
    cfg("arrays", "give fs:", source="x.npy", then_more="fs: 8000"),
    cfg("arrays", "into a .json of the same name", source="x.npy", mended={"x.json": '{"fs": 8000}'}),
    cfg("arrays", "time_column is for CSV; give fs: for", source="x.npy", more="time_column: 0", then_more="fs: 8000"),
    cfg(
        "raw",
        "such as S16_LE",
        "{use: convolve, file: h.raw}",
        files={"h.raw": b"\1\0\2\0" * 100},
        then="{use: convolve, file: h.raw, format: S16_LE}",
    ),
    cfg(
        "raw",
        "say its format:",
        "{use: convolve, file: h.f32}",
        files={"h.f32": bytes(10)},
        then="{use: convolve, file: h.f32, format: S16_LE}",
    ),
    cfg(
        "raw",
        "did you mean",
        "{use: convolve, file: raw.f32, format: FLOAT32LE_}",
        then="{use: convolve, file: raw.f32, format: FLOAT32_LE}",
    ),
    cfg(
        "sndfile",
        "cannot hold a signal of 0 frames; write WAV",
        source="none.wav",
        output="o.flac",
        then_output="o.wav",
        files={"none.wav": EMPTY_WAV},
    ),
    *(
        cfg(
            "arrays",
            fragment,
            source="y.npy",
            more="fs: 8000",
            then_more="fs: 8000\ntruncated: accept",
            files={"y.npy": NPY},
        )
        for fragment in ("set truncated: accept to {}", "take the {} frames")
    ),
    cfg(
        "arrays",
        "it is stored column by column; save it anew",
        source="y.npy",
        more="fs: 8000",
        then_more="fs: 8000",
        files={"y.npy": NPY.replace(b"False, 'shape': (1000,), }  ", b"True, 'shape': (500, 2), }   ")},
        then_source="x.npy",
    ),
    cmd(
        "yaml_text",
        "is no configuration, which alone is replaced by one; give the saved configuration another name",
        "apply in.wav o.wav gain gain=0.5 --save notes.yaml --overwrite",
        "apply in.wav o.wav gain gain=0.5 --save saved.yaml --overwrite",
        files={"notes.yaml": "bread, butter\n"},
    ),
    cfg("arrays", "take its real part or its magnitude", source="complex.npy", more="fs: 8000", then_source="x.npy"),
    cfg("arrays", "name that of the signal x", source="two.npz", then_source="one.npz"),
    cfg("arrays", "save np.ascontiguousarray(x)", source="columns.npz", then_source="one.npz"),
    cmd(
        "names",
        "{}: exists already; give overwrite=True, or give another name",
        "bake c.yaml -o taken.wav",
        "bake c.yaml -o free.wav",
    ),
    cmd(
        "names",
        "{}: exists already; give overwrite=True, or give another name",
        "bake c.yaml -o taken.wav",
        "bake c.yaml -o taken.wav --overwrite",
    ),
    cfg(
        "headers",
        "convert it, for instance: ffmpeg -i IN.caf OUT.wav",
        source="x.caf",
        then_source="in.wav",
        files={"x.caf": b"caff" + bytes(60)},
    ),
    cfg("formats", "which has no name; leave source out", more="source: left", then_more=""),
    cfg(
        "source",
        "is an MP4/M4A file; convert it",
        source="x.m4a",
        then_source="in.wav",
        files={"x.m4a": b"\0\0\0\x20ftypM4A " + bytes(60)},
    ),
    *(
        cfg("source", words, source=name, then_source="in.wav", files={name: data})
        for name, data, words in (
            ("x.aac", b"\xff\xf1" + bytes(60), "if other programs play it: ffmpeg -i IN"),
            ("x.mpg", b"RIFF\x10\0\0\0AVI " + bytes(60), "convert it, for instance: ffmpeg -i IN"),
            ("x.avi", b"RIFF\x10\0\0\0AVI " + bytes(60), "no WAVE audio; convert it, for instance: ffmpeg"),
            ("x.voc", b"Creative Voice File\x1a\0", ".voc OUT.wav, or: sox IN.voc OUT.wav"),
            ("x.raw", b"\1\0\2\0" * 20, "samples without a header are given one: sox -t raw"),
        )
    ),
    cfg(
        "source",
        "is a Matroska/WebM file; convert it",
        source="x.mkv",
        then_source="in.wav",
        files={"x.mkv": b"\x1aE\xdf\xa3" + bytes(60)},
    ),
    cfg(
        "source",
        "is a Git LFS pointer",
        source="x.wav",
        then_source="in.wav",
        files={"x.wav": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"},
    ),
    cfg("options", "leave '{}: keep' out", SMOOTH, "edges: hold\ntail: keep", then_more="edges: hold"),
    cmd(
        "inputs",
        "a pattern takes files only: remove it, or give another pattern",
        "run c.yaml '[pd]*.wav' -o 'x/{name}' --overwrite",
        "run c.yaml 'p*.wav' -o 'x/{name}' --overwrite",
        before="link dangling.wav",
    ),
    cmd(
        "outputs",
        "rename one of them, or give each a run and an output folder",
        "run c.yaml in.wav IN.wav -o 'x/{name}'",
        "run c.yaml IN.wav -o 'x2/{name}'",
        files={"IN.wav": EMPTY_WAV},
    ),
    cfg("outputs", "leave '..' out of the output", output="'x/{stem}/../../../o.wav'", then_output="'x/{stem}/o.wav'"),
    cfg(
        "arrays",
        "its bytes are damaged or cut short; save it again",
        source="y.npz",
        then_source="one.npz",
        files={"y.npz": b"PK\3\4" + bytes(100)},
    ),
    cfg(
        "sndfile",
        "write fewer channels, at another rate, or WAV",
        source="three.wav",
        more="format: {subtype: IMA_ADPCM}",
        then_more="format: {subtype: PCM_16}",
    ),
    cfg(
        "tables",
        ", or take it away",
        source="x.npy",
        files={"x.json": "{'fs': 8000}"},
        mended={"x.json": '{"fs": 8000}'},
    ),
)
