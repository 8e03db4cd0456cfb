"""Rows that are drawn a little at a time are those of the sample."""

import numpy as np
import numpy.typing as npt
import pytest

import mvn_dask
from mvn_dask.estimation import sample_rows
from mvn_dask.estimation.row_source import row_source
from mvn_dask.estimation.sample_rows import SampleRows

NORMAL = mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], 2.0)


@pytest.mark.parametrize("size", [50_000, (50, 1000)])
@pytest.mark.parametrize("combined", [False, True])
def test_slices_are_the_rows_of_the_sample(
    size: int | tuple[int, ...], combined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_rows, "SLICE_BYTES", 2**14)
    x = NORMAL.sample(size, seed=1)
    if combined and x.ndim > 2:
        pytest.skip("combinations are of arrays of two axes")
    array = mvn_dask.combine(x, [1.0, -1.0, 0.5]) if combined else x
    drawn = row_source(array).drawn
    assert isinstance(drawn, SampleRows)
    found: dict[int, npt.NDArray[np.float64]] = {}
    drawn.each(7, len(x), lambda first, rows: found.__setitem__(first, np.array(rows)))
    assert list(found) == sorted(found)
    assert min(found) == 7
    if x.ndim == 2:
        assert len(found) > 1
    np.testing.assert_array_equal(np.concatenate(list(found.values())), array.compute().reshape(len(x), -1)[7:])
