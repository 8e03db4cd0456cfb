import numpy as np
import numpy.typing as npt
import pytest

import mvn_dask
from mvn_dask.estimation import sample_rows
from mvn_dask.estimation.combination import combination_of
from mvn_dask.estimation.row_source import row_source, sample_in
from mvn_dask.estimation.sample_rows import SampleRows

NORMAL = mvn_dask.MultivariateNormal(np.arange(3.0), np.eye(3) + 0.5)


@pytest.mark.parametrize(("start", "stop"), [(0, 100_000), (7, 70_000), (65_535, 65_537), (9, 9)])
def test_rows_of_a_sample_in_slices(start: int, stop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_rows, "SLICE_BYTES", 2**19)
    x = NORMAL.sample(100_000, seed=1, chunks=30_000)
    spec = sample_in(x)
    assert spec is not None
    found: list[tuple[int, npt.NDArray[np.float64]]] = []
    SampleRows(spec, None).each(start, stop, lambda first, rows: found.append((first, rows.copy())))
    assert all(len(rows) <= spec.plan.rows_within(2**19) for _, rows in found)
    places = [place for first, rows in found for place in range(first, first + len(rows))]
    assert places == list(range(start, stop))
    if places:
        np.testing.assert_array_equal(np.concatenate([rows for _, rows in found]), x[start:stop].compute())


def test_combinations_and_samples_of_several_axes() -> None:
    x = NORMAL.sample(5_000, seed=1)
    combined = mvn_dask.combine(x, [1.0, 2.0, 3.0])
    known = combination_of(combined)
    assert known is not None
    found: list[npt.NDArray[np.float64]] = []
    SampleRows(known[1], known[0]).each(100, 4_000, lambda _, rows: found.append(rows.copy()))
    np.testing.assert_array_equal(np.concatenate(found)[:, 0], combined[100:4_000].compute())
    field = NORMAL.sample((50, 40), seed=1)
    spec = sample_in(field)
    assert spec is not None
    found.clear()
    SampleRows(spec, None).each(3, 50, lambda _, rows: found.append(rows.copy()))
    np.testing.assert_array_equal(np.concatenate(found), field[3:50].compute().reshape(47, 120))


def test_only_samples_and_their_combinations_are_drawn_so() -> None:
    x = NORMAL.sample(5_000, seed=1)
    assert row_source(x).drawn is not None
    assert row_source(mvn_dask.combine(x, [1.0, 2.0, 3.0])).drawn is not None
    assert row_source(x + 1).drawn is None
