from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mvn_dask
from mvn_dask.errors import ArgumentError, InvalidDistributionError, NotPositiveDefiniteError
from mvn_dask.job.inputs.base import Origin, as_input_array
from mvn_dask.job.inputs.distribution_inputs import covariance_from_correlation, distribution_inputs, distribution_of
from tests.support.job_inputs import job_in

SHAPES: list[tuple[Any, Any, int, tuple[int, ...]]] = [
    (1, 2, 1, ()),
    (1, [4, 9], 2, (2,)),
    (1, [[4, 1], [1, 9]], 2, (2, 2)),
    ([1, 2, 3], 2, 3, ()),
    ([1, 2], [4, 9], 2, (2,)),
    ([1], [[4]], 1, (1, 1)),
]


def test_scalars_are_for_every_variable() -> None:
    for mean, cov, ndim, shape in SHAPES:
        found = distribution_inputs(job_in(Path(), mean=mean, cov=cov))
        assert isinstance(found.cov, np.ndarray)
        assert (found.mean.shape, found.cov.shape, found.event.names) == ((ndim,), shape, None)
        assert np.array_equal(found.mean, np.broadcast_to(mean, (ndim,)))
        assert distribution_of(job_in(Path(), mean=mean, cov=cov)).ndim == ndim


def test_what_does_not_go_together() -> None:
    for mean, cov, text in [
        ([1, 2, 3], [4, 9], "distribution.mean: has 3 variables, and cov has 2"),
        ([1], [[4, 1], [1, 9]], "distribution.mean: has 1 variable, and cov has 2"),
        (0, [[4, 1]], "distribution.cov: must be a square matrix, and its shape is (1, 2)"),
        ([1, -1], [4, -9], "distribution: "),
    ]:
        with pytest.raises(InvalidDistributionError) as caught:
            distribution_of(job_in(Path(), mean=mean, cov=cov, check_valid="raise"))
        assert str(caught.value).startswith(f"job.toml: {text}")


def test_a_mean_that_is_a_matrix(tmp_path: Path) -> None:
    np.save(tmp_path / "mean.npy", np.eye(2))
    with pytest.raises(
        InvalidDistributionError, match=r"mean.npy: must be a number or a vector, and its shape is \(2, 2\)"
    ):
        distribution_inputs(job_in(tmp_path, mean="mean.npy", cov=1))


def test_names_must_agree(tmp_path: Path) -> None:
    (tmp_path / "mean.csv").write_text("oil,1\ngas,2\n")
    (tmp_path / "same.csv").write_text("oil,gas\n4,1\n1,9\n")
    (tmp_path / "order.csv").write_text("gas,oil\n4,1\n1,9\n")
    (tmp_path / "other.csv").write_text("oil,tin\n4,1\n1,9\n")
    (tmp_path / "more.csv").write_text("oil,gas,tin\n4,9,9\n")
    assert distribution_inputs(job_in(tmp_path, mean="mean.csv", cov="same.csv")).event.names == ("oil", "gas")
    assert distribution_of(job_in(tmp_path, mean=0, cov="same.csv")).names == ("oil", "gas")
    assert distribution_of(job_in(tmp_path, mean="mean.csv", cov=1)).names == ("oil", "gas")
    for name, text in {
        "order.csv": "variable 0 is 'oil' in one and 'gas' in the other (the same labels in another order)",
        "other.csv": "variable 1 is 'gas' in one and 'tin' in the other",
        "more.csv": "there are 2 labels in one and 3 in the other",
    }.items():
        with pytest.raises(InvalidDistributionError) as caught:
            distribution_inputs(job_in(tmp_path, mean="mean.csv", cov=name))
        assert str(caught.value) == (
            f"job.toml: distribution: the rows of mean ({tmp_path / 'mean.csv'}) and the columns of cov "
            f"({tmp_path / name}) must agree: {text}"
        )


def put(folder: Path, name: str, kind: str, table: pd.DataFrame | pd.Series) -> str:
    """Write a table whose index and columns are numbers, or have the names that polars makes up."""
    path = folder / f"{name}.{kind}"
    if kind == "csv":
        table.to_csv(path)
    elif kind == "parquet":
        pd.DataFrame(table).rename(columns=str).to_parquet(path)
    elif kind == "polars":
        path = folder / f"{name}.parquet"
        values = table.to_numpy().reshape(-1, len(table))
        pl.DataFrame(values, schema=[f"column_{label}" for label in table.index]).write_parquet(path)
    else:
        found = xr.DataArray(table.to_numpy(), dims=("x", "y")[: table.ndim], coords={"x": list(table.index)})
        found.to_dataset(name="array").to_zarr(path, consolidated=False, zarr_format=2)
        return f"{path.name}/array"
    return path.name


KINDS = ["csv", "parquet", "polars", "zarr"]
IN_ORDER: list[Any] = [None, [0, 1]]
REVERSED: list[Any] = [[1, 0]]


def matrix(index: Any) -> pd.DataFrame:
    return pd.DataFrame([[4.0, 1.0], [1.0, 9.0]], index=index, columns=index)


def test_numbers_in_another_order_are_refused_in_every_file(tmp_path: Path) -> None:
    """As the same arrays are in Python, whichever of both files is in the order that libraries make up."""
    files: dict[Any, tuple[str, str, str]] = {}
    for number, (kind, index) in enumerate(product(KINDS, [*IN_ORDER, *REVERSED])):
        files[kind, str(index)] = (
            put(tmp_path, f"mean{number}", kind, pd.Series([10.0, 20.0], index=index)),
            put(tmp_path, f"cov{number}", kind, matrix(index)),
            put(tmp_path, f"deviations{number}", kind, pd.Series([2.0, 3.0], index=index)),
        )
    pairs = [*product(IN_ORDER, REVERSED), *product(REVERSED, IN_ORDER)]
    for kind, other, (one, two) in product(KINDS, KINDS, pairs):
        mean, (_, cov, deviations) = files[kind, str(one)][0], files[other, str(two)]
        with pytest.raises(InvalidDistributionError, match=r"of mean \(.* of cov \(.* must agree: variable 0 is "):
            distribution_inputs(job_in(tmp_path, mean=mean, cov=cov))
        job = job_in(tmp_path, mean=mean, cov=None, correlation=np.eye(2).tolist(), standard_deviations=deviations)
        with pytest.raises(InvalidDistributionError, match=r"of mean \(.* of standard_deviations \(.* must agree: "):
            distribution_inputs(job)
        with pytest.raises(ArgumentError, match="must agree: variable 0 is "):
            mvn_dask.MultivariateNormal(pd.Series([10.0, 20.0], index=one), matrix(two))


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_in_order_are_no_names_in_any_file(tmp_path: Path, kind: str) -> None:
    mean = put(tmp_path, "mean", kind, pd.Series([10.0, 20.0]))
    for other in KINDS:
        cov = put(tmp_path, "cov", other, matrix(None))
        assert distribution_inputs(job_in(tmp_path, mean=mean, cov=cov)).event.names is None


def test_the_covariance_is_checked() -> None:
    bad = [[1, 2], [2, 1]]
    with pytest.raises(
        InvalidDistributionError, match=r"^job.toml: distribution: covariance is not symmetric positive"
    ):
        distribution_of(job_in(Path(), mean=0, cov=bad))
    with pytest.raises(NotPositiveDefiniteError, match=r"^job.toml: distribution: "):
        distribution_of(job_in(Path(), mean=0, cov=bad, method="cholesky", check_valid="ignore"))
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        distribution_of(job_in(Path(), mean=0, cov=bad, check_valid="warn"))
    assert distribution_of(job_in(Path(), mean=0, cov=bad, check_valid="ignore")).ndim == 2


def test_the_distribution_is_that_of_the_same_arrays(tmp_path: Path) -> None:
    cov = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.savez(tmp_path / "a.npz", mean=[1.0, 2.0], cov=cov)
    ours = distribution_of(job_in(tmp_path, mean="a.npz", cov="a.npz", method="cholesky"))
    theirs = mvn_dask.MultivariateNormal([1.0, 2.0], cov, method="cholesky")
    assert np.array_equal(ours.sample(10, seed=1).compute(), theirs.sample(10, seed=1).compute())


def covariance(correlation: Any, deviations: Any) -> Any:
    return covariance_from_correlation(
        as_input_array(Origin("job.toml", "correlation"), correlation),
        as_input_array(Origin("job.toml", "standard_deviations"), deviations),
    )


@given(st.integers(1, 6), st.integers(0, 1000))
def test_it_is_d_r_d_and_exactly_symmetric(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((d, d + 1))
    r = np.corrcoef(a).reshape(d, d)
    r = (r + r.T) / 2
    s = rng.lognormal(size=d)
    found = covariance(r, s)
    assert np.array_equal(found, found.T)
    np.testing.assert_allclose(found, np.diag(s) @ r @ np.diag(s), rtol=1e-13)


def test_one_standard_deviation_for_all() -> None:
    assert covariance([[1, 0.5], [0.5, 1]], 2).tolist() == [[4, 2], [2, 4]]
    assert covariance([[1, 0.5], [0.5, 1]], [0, 2]).tolist() == [[0, 0], [0, 4]]


TOO_SMALL = (
    "standard_deviations: must be 0, or at least 1.5e-154, so that its square is a normal float64; use other units: "
    "standard_deviations"
)

FAULTS: list[tuple[Any, Any, str]] = [
    ([[1, 0.5], [0.5, 0.9]], 1, "correlation: must have ones on its diagonal: correlation[1, 1] is 0.9"),
    ([[1, 1.5], [1.5, 1]], 1, "correlation: must lie between -1 and 1: correlation[0, 1] is 1.5"),
    ([[1, -2], [-2, 1]], 1, "correlation: must lie between -1 and 1: correlation[0, 1] is -2.0"),
    (1, 1, "correlation: must be a square matrix, and its shape is ()"),
    ([1, 1], 1, "correlation: must be a square matrix, and its shape is (2,)"),
    ([[1, 0]], 1, "correlation: must be a square matrix, and its shape is (1, 2)"),
    (np.eye(2), [1, 2, 3], "standard_deviations: has 3 variables, and correlation has 2"),
    (np.eye(2), np.eye(2), "standard_deviations: must be a number or a vector, and its shape is (2, 2)"),
    (np.eye(2), [1, -2], "standard_deviations: must not be negative: standard_deviations[1] is -2.0"),
    (np.eye(2), -2, "standard_deviations: must not be negative: standard_deviations is -2.0"),
    (np.eye(2), [1, 1e-200], f"{TOO_SMALL}[1] is 1e-200"),
    (np.eye(2), 1e-200, f"{TOO_SMALL} is 1e-200"),
    ([[1, 0.5], [0.5, 1]], [1e-160, 2], f"{TOO_SMALL}[0] is 1e-160"),
    (np.eye(2), [1, 5e-324], f"{TOO_SMALL}[1] is 5e-324"),
    (np.eye(2), [1, 1e200], "standard_deviations: is too large: the square of 1e+200 is no float64"),
]


def test_what_gives_no_covariance() -> None:
    for correlation, deviations, text in FAULTS:
        with pytest.raises(InvalidDistributionError) as caught:
            covariance(correlation, deviations)
        assert str(caught.value) == f"job.toml: distribution.{text}"


@given(st.floats(0, 1e150), st.floats(-1, 1))
def test_what_varies_is_no_constant(deviation: float, correlation: float) -> None:
    """Whatever standard deviation is let pass is that of the covariance, to rounding."""
    try:
        found = covariance([[1, correlation], [correlation, 1]], [deviation, 1])
    except InvalidDistributionError:
        assert 0 < deviation < 1.5e-154
    else:
        assert np.sqrt(found[0, 0]) == pytest.approx(deviation, rel=1e-14, abs=0)


def test_rounding_is_no_fault() -> None:
    assert covariance([[1 + 1e-12, 1 + 1e-15], [1 + 1e-15, 1]], 1).shape == (2, 2)


def test_names_from_either(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n1,0.5\n0.5,1\n")
    (tmp_path / "s.csv").write_text("a,2\nb,3\n")
    for correlation, deviations in (("r.csv", [2, 3]), ([[1, 0.5], [0.5, 1]], "s.csv"), ("r.csv", "s.csv")):
        one = job_in(tmp_path, mean=0, cov=None, correlation=correlation, standard_deviations=deviations)
        found = distribution_inputs(one)
        assert found.event.names == ("a", "b")
        assert isinstance(found.cov, np.ndarray)
        assert found.cov.tolist() == [[4, 3], [3, 9]]
