"""Lists of numbers as programs write them, and marks between thousands: read where plain, refused where not."""

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.errors import ReadError, SettingError
from pipeline.io import open_reader

TAPS = [0.1, 0.2, 0.4]


def rows(tmp_path, text, name="h.txt", **options):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with open_reader(path, **{"untold_fs": 100, **options}) as reader:
        return np.concatenate([*reader.blocks(100)]).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "const float h[] = {0.1f, 0.2f, 0.4F};\n",
        "#include <x.h>\n/* [1, 2] */\nconst int BL = 3;\nconst double B[3] = {\n  0.1, 0.2,\n  0.4\n};\n",
        "static double taps[3] =\n{\n  1e-1,  // first\n  .2,\n  0.4\n};\r\n",
        "[0.1, 0.2, 0.4]",
        "\ufeff[0.1, 0.2, 0.4]\n",
        '{"name": "low", "taps": [0.1,\n 0.2,\n 0.4]}\n',
        "taps: [0.1, 0.2, 0.4]\n",
        "import numpy as np\n\nh = np.array([0.1,\n    0.2,  # middle\n    0.4])\n",
        "array([0.1, 0.2, 0.4])\n",
        "[0.1 0.2 0.4]\n",
        "h = [0.1 0.2 0.4];  % low\n",
        "h = [0.1; 0.2; 0.4];\n",
        "h = [0.1\n0.2\n0.4];\n",
        "h <- c(0.1,\n  0.2, 0.4)\n",
        "h = (0.1, 0.2, 0.4,)\n",
        "radix=10;\ncoefdata=0.1,\n0.2,\n0.4;\n",
    ],
)
def test_a_list_out_of_a_program_is_read(tmp_path, text):
    assert rows(tmp_path, text) == [[x] for x in TAPS]


@pytest.mark.parametrize(
    "text", ["[[1, 2], [3, 4]]", "double h[2][2] = {{1, 2},\n{3, 4}};", "h = [1 2; 3 4]", "h = [1, 2;\n3, 4;\n]"]
)
def test_a_list_of_lists_is_rows(tmp_path, text):
    assert rows(tmp_path, text) == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"b": [0.1, 0.2], "a": [1.0]}', "holds 2 lists of numbers: .*; keep one list of numbers, with commas"),
        ("[0.1, null, 0.4]", "begins a list of numbers that does not end as one"),
        ("h = [0.1, 0.2", "begins a list of numbers that does not end as one"),
        ("[0.1 0.2 0.3 ... 0.8 0.9]", r"has '\.\.\.' in its list"),
        ("[0.1 0.2\n 0.3 0.4]", "may hold one list on 2 lines, or as many rows; .*, or ';' between rows"),
        ("[[1, 2], [3]]", "a row of 2 numbers and others that are longer or shorter"),
        ("[0.1, 0.2-]", "'0.2-' in its list is no number"),
        ("[[[1, 2], [3, 4]]]", "no table of numbers"),
    ],
)
def test_a_list_that_is_not_plain_is_refused_with_the_way_out(tmp_path, text, words):
    with pytest.raises(ReadError, match=words):
        rows(tmp_path, text)
    assert rows(tmp_path, "[0.1, 0.2,\n 0.4]") == [[x] for x in TAPS]  # as it says


@pytest.mark.parametrize(
    "text",
    [
        "Range: [0, 10]\n0.1\n0.2\n0.4\n",
        "# h = [1, 2]\nx [1/s]\n0.1\n0.2\n0.4\n",
        "scale = {1}\nx\n'0.1'\n'0.2'\n'0.4'\n".replace("'", '"'),
    ],
)
def test_a_table_with_brackets_above_it_stays_a_table(tmp_path, text):
    assert rows(tmp_path, text) == [[x] for x in TAPS]


def test_every_stage_that_reads_a_file_reads_lists(tmp_path):
    (tmp_path / "h.h").write_text("const float h[3] = {0.25f, 0.5f, 0.25f};\n")
    x = np.random.default_rng(1).standard_normal(50)
    want = np.convolve(x, [0.25, 0.5, 0.25])
    for stage in ({"use": "fir", "taps": str(tmp_path / "h.h")}, {"use": "convolve", "file": str(tmp_path / "h.h")}):
        y = Pipeline([stage])(x, fs=1000)
        np.testing.assert_allclose(np.ravel(y)[:52], want[: np.size(y)][:52], atol=1e-15)
    (tmp_path / "h.h").write_text("int b[] = {1, 2}; int a[] = {1, 3};\n")
    filtered = Pipeline([{"use": "fir", "taps": str(tmp_path / "h.h")}])
    with pytest.raises(SettingError, match="holds 2 lists of numbers"):
        filtered(x, fs=1000)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1'234.5\n2'345.6\n", [[1234.5], [2345.6]]),
        ("1\xa0234,5\n999,5\n", [[1234.5], [999.5]]),
        ("1\u202f234,5\n2\u202f345,6\n", [[1234.5], [2345.6]]),
        ("999,5\n1 234,5\n12 345 678,6\n", [[999.5], [1234.5], [12345678.6]]),
        ("1,234.5\n999.5\n", [[1234.5], [999.5]]),
        ("x\n1.125\n2.250\n", [[1.125], [2.25]]),
        ('"1,234.5"\n"-2,345.0"\n', [[1234.5], [-2345]]),
        ('"1,234,567"\n', [[1234567]]),
        ("x;y\n1.234,5;2,0\n2.345,5;1,0\n", [[1234.5, 2], [2345.5, 1]]),
        ("x;y\n1 234,5;2,0\n2 345,5;1,0\n", [[1234.5, 2], [2345.5, 1]]),
        ("x;y\n1,234.5;2\n2,345.5;3\n", [[1234.5, 2], [2345.5, 3]]),
        ("x\ty\n1 234\t2\n2 345\t3\n", [[1234, 2], [2345, 3]]),
    ],
)
def test_marks_between_thousands_are_read_where_they_can_be_nothing_else(tmp_path, text, want):
    assert rows(tmp_path, text) == want
    assert rows(tmp_path, text, untold_fs=None, fs=10) == want


@pytest.mark.parametrize(
    ("text", "one", "mark"),
    [
        ("1 234,5\n2 345,6\n", 1234.5, "blanks"),
        ("x\n1 234,5\n2 345,6\n", 1234.5, "blanks"),
        ("1 234\n2 345\n", 1234, "blanks"),
        ("1,234.5\n2,345.6\n", 1234.5, "comma"),
        ("x\n1,234.5\n2,345.6\n", 1234.5, "comma"),
        ("1.234,5\n2.345,6\n", 1234.5, "comma"),
        ("1,234,567\n2,345,678\n", 1234567, "comma"),
    ],
)
def test_numbers_that_may_be_columns_are_refused_and_both_ways_out_work(tmp_path, text, one, mark):
    words = rf"may be one number with marks between thousands, or columns: .*';'}} says .*{{delimiter: {mark}}}"
    with pytest.raises(ReadError, match=words):
        rows(tmp_path, text)
    assert rows(tmp_path, text, table={"delimiter": ";"})[0] == [one]
    assert len(rows(tmp_path, text, table={"delimiter": mark})[0]) > 1


def test_a_signal_of_two_columns_stays_one(tmp_path):
    assert rows(tmp_path, "1,234.5\n2,345.6\n", untold_fs=None, fs=10) == [[1, 234.5], [2, 345.6]]
    assert rows(tmp_path, "a,b\n1,234.5\n2,345.6\n") == [[1, 234.5], [2, 345.6]]
