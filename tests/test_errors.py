import inspect
import re

import pytest

from mvn_dask import errors

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_exception_stands_in_the_tree_with_its_builtin(cls: type[Exception]) -> None:
    assert issubclass(cls, errors.MvnDaskError)
    assert errors.__doc__ is not None
    row = re.search(rf"[─ ]{cls.__name__}(?: +(\w+))?\b", errors.__doc__)
    assert row, "drawn in the tree"
    if row[1] is not None and row[1][0].isupper():
        assert row[1] in {base.__name__ for base in cls.__mro__}
    assert str(cls("a text")) == "a text"
