import pytest
from pydantic import TypeAdapter, ValidationError

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.array_values import ArrayValue, FileTable, array_tag, as_file, as_numbers


def test_numbers_files_and_nothing_else() -> None:
    adapter: TypeAdapter[ArrayValue] = TypeAdapter(ArrayValue)
    assert adapter.validate_python([[1, 2], [3, 4]]) == ((1.0, 2.0), (3.0, 4.0))
    assert adapter.validate_python("a.npy") == FileTable(path="a.npy")
    assert adapter.dump_python(FileTable(path="a.npy")) == "a.npy"
    assert adapter.dump_python(FileTable(path="a.npz", key="k")) == {"path": "a.npz", "key": "k"}
    for value in (None, True, object()):
        assert array_tag(value) is None
        with pytest.raises(ValidationError, match="must be a path or URL, a table"):
            adapter.validate_python(value)


def test_depth() -> None:
    assert as_numbers([1, 2], depth=1) == (1.0, 2.0)
    with pytest.raises(ArgumentError, match=r"must hold numbers only, and \[1\] is none"):
        as_numbers([[1]], depth=1)


def test_a_text_is_a_file() -> None:
    assert as_file("a") == {"path": "a"}
    assert as_file(3) == 3
