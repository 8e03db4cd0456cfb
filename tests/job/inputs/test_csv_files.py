import csv
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.errors import InvalidDistributionError
from tests.support.job_inputs import read, refusal


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    return text == text.strip() != "#" and not _number(text) and not text.startswith(("# ", "#\t"))


NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(_is_name),
    min_size=1,
    max_size=4,
    unique=True,
)


def put(folder: Path, text: str, encoding: str = "utf-8") -> str:
    (folder / "a.csv").write_bytes(text.encode(encoding))
    return "a.csv"


MEANS: list[tuple[str, list[float], Any]] = [
    ("1,2,3\n", [1, 2, 3], None),
    ("1\n2\n3\n", [1, 2, 3], None),
    ("1\n2\n3", [1, 2, 3], None),
    ("NAN,INF\n1,2\n", [1, 2], ("NAN", "INF")),
    ("oil,gas\n0.1,0.2\n", [0.1, 0.2], ("oil", "gas")),
    ("mean\n1\n2\n", [1, 2], None),
    ("mean\n1\n", [1], None),
    ("value\n1\n", [1], None),
    ("oil\n1\n", [1], ("oil",)),
    ("oil,0.1\ngas,0.2\n", [0.1, 0.2], ("oil", "gas")),
    ("oil,0.1\n", [0.1], ("oil",)),
    ("name,mean\noil,0.1\ngas,0.2\n", [0.1, 0.2], ("oil", "gas")),
    (",mean\noil,0.1\ngas,0.2\n", [0.1, 0.2], ("oil", "gas")),
    (",0\n2001,0.1\n2002,0.2\n", [0.1, 0.2], ("2001", "2002")),
    (",0\n0,0.1\n1,0.2\n", [0.1, 0.2], None),
    (",oil,gas\nmean,0.1,0.2\n", [0.1, 0.2], ("oil", "gas")),
    ("oil , gas\n 1e-3, 1_000 \n", [1e-3, 1000], ("oil", "gas")),
    ('"oil, light","gas ""x"""\n"1","-2"\n', [1, -2], ("oil, light", 'gas "x"')),
    ('"öl\nπ",東\n1,2\n', [1, 2], ("öl\nπ", "東")),
    ("a,b\r\n1,2\r\n", [1, 2], ("a", "b")),
    ("a,b\r1,2\r", [1, 2], ("a", "b")),
    ("\n\na,b\n\n1,2\n  \n\n", [1, 2], ("a", "b")),
    ("# oil,gas\n1,2\n", [1, 2], ("oil", "gas")),
    ("# a\n1\n2\n", [1, 2], None),
    ("# oil\n1\n", [1], ("oil",)),
    ("# mean\n1\n", [1], None),
    ("# two, three\n#\n# oil , gas\n\n1,2\n# end\n#\n", [1, 2], ("oil", "gas")),
    ("# of the year\n1,2\n", [1, 2], None),
    ("# made, by hand\noil,gas\n# between\n1,2\n", [1, 2], ("oil", "gas")),
    ("# name,mean\noil,0.1\ngas,0.2\n", [0.1, 0.2], ("oil", "gas")),
    ("#1,#2\n1,2\n", [1, 2], ("#1", "#2")),
    ('"# 1","# 2"\n1,2\n', [1, 2], ("# 1", "# 2")),
    ('"# a",1\n"# b",2\n', [1, 2], ("# a", "# b")),
    ('"oil\n# gas",coal\n1,2\n', [1, 2], ("oil\n# gas", "coal")),
]


def test_means(tmp_path: Path) -> None:
    for text, array, names in MEANS:
        for encoding in ("utf-8", "utf-8-sig"):
            found = read(tmp_path, "mean", put(tmp_path, text, encoding))
            assert (found.array.tolist(), found.names) == (array, names)


COVARIANCES: list[tuple[str, Any]] = [
    ("4,1\n1,9\n", None),
    ("oil,gas\n4,1\n1,9\n", ("oil", "gas")),
    (",oil,gas\noil,4,1\ngas,1,9\n", ("oil", "gas")),
    ("name,oil,gas\noil,4,1\ngas,1,9\n", ("oil", "gas")),
    ('"","oil","gas"\n"oil",4,1\n"gas",1,9\n', ("oil", "gas")),
    ("oil,4,1\ngas,1,9\n", ("oil", "gas")),
    (",0,1\n0,4,1\n1,1,9\n", None),
    (",2001,2002\n2001,4,1\n2002,1,9\n", ("2001", "2002")),
]


def test_covariances(tmp_path: Path) -> None:
    for text, names in COVARIANCES:
        found = read(tmp_path, "cov", put(tmp_path, text))
        assert found.array.tolist() == [[4, 1], [1, 9]]
        assert found.names == names


def test_variances(tmp_path: Path) -> None:
    for text in ("oil,gas\n4,9\n", "oil,4\ngas,9\n"):
        found = read(tmp_path, "cov", put(tmp_path, text))
        assert (found.array.tolist(), found.names) == ([4, 9], ("oil", "gas"))
    assert read(tmp_path, "cov", put(tmp_path, ",oil\noil,4\n")).array.tolist() == [[4]]
    assert read(tmp_path, "cov", put(tmp_path, "4\n")).array.tolist() == [[4]]


FAULTS: list[tuple[str, str]] = [
    ("", "is empty"),
    ("\n \n", "is empty"),
    ("# a\n#\n", "holds no numbers, only comments"),
    ("# 1,2\n3,4\n", 'line 1: begins with "# ", as a comment, and holds numbers: delete it, or put the name in quotes'),
    ("oil,1\n# gas,2\n", 'line 2: begins with "# ", as a comment, and holds numbers'),
    ("a,b\n", "holds no numbers, only a header"),
    ("1 2\n3 4\n", "line 1: cells must be separated by commas, not spaces"),
    (",\n", "holds no numbers, only a header"),
    ("a\nb\n", 'line 2, column 1 ("a"): must be a number, not "b"'),
    ("a,b\n1,x\n", 'line 2, column 2 ("b"): must be a number, not "x"'),
    ("1,2\n3,x\n", 'line 2, column 2: must be a number, not "x"'),
    ("1,2\n3,\n", "line 2, column 2: must be a number, and it is empty"),
    ("a,b\n1,2\n\n3,1+2j\n", 'line 4, column 2 ("b"): must be a number, not "1+2j"'),
    ("a,b\n1,2\nx,3\n", 'line 3, column 1 ("a"): must be a number, not "x"'),
    ("a,b\nx,2\n1,3\n", 'line 2, column 1 ("a"): must be a number, not "x"'),
    ("1,nan\n2,3\n", "line 1, column 2: must be finite, not nan"),
    (",a,b\na,1,0\nb,inf,1\n", 'line 3, column 2 ("a"): must be finite, not inf'),
    ("a,b\n1,2,3\n", "line 2: has 3 cells, and the first line has 2"),
    ("1,2\n3\n", "line 2: has 1 cells, and the first line has 2"),
    ("a;b\n1;2\n", "line 1: cells must be separated by commas, not semicolons"),
    ("a\tb\n1\t2\n", "line 1: cells must be separated by commas, not tabs"),
    ('a,b\n"1,2\n', "line 2: is no CSV: unexpected end of data"),
    ("1,x\n3,4\n", 'line 1, column 2: must be a number, not "x"'),
    ("x,1\n3,4\n", 'line 1, column 1: must be a number, not "x"'),
    ("1,\n3,4\n", "line 1, column 2: must be a number, and it is empty"),
    (",2,3\n4,5,6\n7,8,9\n", "its rows and its columns must agree: variable 0 is '4' in one and '2' in the other"),
    ('a,b\n"1"x,2\n', "line 2: is no CSV: "),
    ("a," + "b" * 200_000 + "\n1,2\n", "line 1: is no CSV: field larger than field limit"),
    ("a,a\n1,2\n2,3\n", "names of variables must differ: variables 0 and 1 are both 'a'"),
    ("a,\n1,2\n2,3\n", "names of variables must not be empty: that of variable 1 is"),
    ("1,2\n3,4\n5,6\n", "must be a square matrix, or one row or column, and it has 3 rows of 2 numbers"),
    (",a,b\na,1,0\nc,0,1\n", "its rows and its columns must agree: variable 1 is 'c' in one and 'b' in"),
    (",a,b\nb,1,0\na,0,1\n", "its rows and its columns must agree: variable 0 is "),
]


def test_what_is_no_covariance(tmp_path: Path) -> None:
    for text, fault in FAULTS:
        found = refusal(tmp_path, "cov", put(tmp_path, text))
        assert found.removeprefix("a.csv").lstrip(":, ").startswith(fault)


def test_what_is_no_mean(tmp_path: Path) -> None:
    assert refusal(tmp_path, "mean", put(tmp_path, "1,2\n3,4\n")) == (
        "a.csv: must be one row or one column, and it has 2 rows of 2 numbers"
    )


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\xff,2\n")
    assert refusal(tmp_path, "mean", "a.csv") == "a.csv: must be text in UTF-8, and byte 4 is not: save it as such"
    (tmp_path / "a.csv").write_bytes(np.random.default_rng(1).bytes(1000))
    assert refusal(tmp_path, "mean", "a.csv")


@given(st.text(st.sampled_from('12.e-,, \n\r"ax;\x00é# '), max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_an_array_or_refused_in_a_line(text: str) -> None:
    with TemporaryDirectory() as folder, suppress(InvalidDistributionError):
        found = read(Path(folder), "cov", put(Path(folder), text))
        assert np.isfinite(found.array).all()
        assert found.names is None or len(found.names) == found.array.shape[0]


@pytest.mark.parametrize("header", ["oil,gas", "two\noil,gas"])
def test_what_numpy_writes(header: str, tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).standard_normal((2, 2))
    np.savetxt(tmp_path / "a.csv", matrix, delimiter=",", header=header, footer="end\nof file")
    np.savetxt(tmp_path / "b.csv", matrix[0], header="oil")
    found = read(tmp_path, "cov", "a.csv")
    assert np.array_equal(found.array, matrix)
    assert found.names == ("oil", "gas")
    assert read(tmp_path, "mean", "b.csv").names is None
    np.savetxt(tmp_path / "c.csv", matrix)
    assert refusal(tmp_path, "cov", "c.csv") == "c.csv, line 1: cells must be separated by commas, not spaces"


@given(names=NAMES, seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_what_pandas_writes(names: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("pandas")
    matrix = np.random.default_rng(seed).standard_normal((len(names), len(names)))
    frame = pd.DataFrame(matrix, index=names, columns=names)
    expected = None if names == [str(number) for number in range(len(names))] else tuple(names)
    frame.to_csv(folder / "a.csv")
    found = read(folder, "cov", "a.csv")
    assert np.array_equal(found.array, matrix)
    assert found.names == expected
    if len(names) > 1:
        frame.to_csv(folder / "b.csv", index=False, quoting=csv.QUOTE_ALL)
        assert read(folder, "cov", "b.csv").names == expected
        frame.iloc[0].to_csv(folder / "c.csv")
        other = read(folder, "mean", "c.csv")
        assert np.array_equal(other.array, matrix[0])
        assert other.names == expected
