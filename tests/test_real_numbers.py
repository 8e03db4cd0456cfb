import numpy as np
import pytest

from mvn_dask.errors import ArgumentTypeError
from mvn_dask.real_numbers import complex_error, refuse_other_numbers


@pytest.mark.parametrize("name", ["mean", "cov"])
def test_the_words_of_numpy(name: str) -> None:
    text = str(complex_error(name, f"the dtype of `{name}`", np.dtype(complex)))
    assert text.startswith("mean and cov must not be complex: the dtype of `")


def test_other_numbers() -> None:
    for dtype in ("f8", "f2", "i8", "u8", "?"):
        refuse_other_numbers("x", np.dtype(dtype))
    for dtype, cure in (("c8", "; numpy.real"), ("M8[s]", ""), ("U3", ""), ("g", ""), ("O", "")):
        with pytest.raises(ArgumentTypeError, match=rf"^`x` must hold real numbers of at most 64 bits: .*{cure}"):
            refuse_other_numbers("x", np.dtype(dtype))
