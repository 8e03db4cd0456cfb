"""The multivariate normal distribution as a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Covariance, as_covariance
from mvn_dask.random.streams import Root, SeedLike, as_root
from mvn_dask.sampling.spec import sample_spec

if TYPE_CHECKING:
    import dask.array as da


@dataclass(frozen=True, init=False, eq=False, repr=False)
class MultivariateNormal:
    """A multivariate normal distribution of dimension d, checked and factorised once.

    Parameters
    ----------
    mean : array_like, shape (d,)
        Mean. The index of a pandas Series names the variables.
    cov : array_like of shape (d, d), (d,) or (), or Covariance
        Covariance: a matrix, a vector of variances, or one variance for all. The columns of a pandas
        DataFrame name the variables.
    method : {"svd", "eigh", "cholesky"}
        How a matrix is factorised; see `mvn_dask.covariance.Dense`.
    check_valid : {"warn", "raise", "ignore"}
        What to do if `cov` is not positive semidefinite.
    tol : float
        Tolerance of that check.
    names : sequence of str, optional
        Names of the d variables. If `mean` or `cov` bring names too, they must be the same.

    Raises
    ------
    ArgumentError
        A ValueError, for a wrong shape, a number that is not finite, a misspelt word, names that
        disagree, and under ``check_valid="raise"`` a covariance that is not one.
    ArgumentTypeError
        A TypeError, for anything but real numbers.
    NotPositiveDefiniteError
        A LinAlgError, if ``method="cholesky"`` and `cov` has no Cholesky factor.

    Warns
    -----
    RuntimeWarning
        Under ``check_valid="warn"``, if `cov` is not symmetric and positive semidefinite.

    Notes
    -----
    Rows are ``mean + z @ A.T`` with independent standard normals z and a factor A of the covariance,
    ``A @ A.T == cov``; k of them cost O(k d²) after the O(d³) of the factorisation, or O(k d) where the
    covariance is diagonal.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.4.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
    >>> normal
    MultivariateNormal(ndim=2, covariance=Dense(ndim=2, method='svd'))
    >>> x = normal.sample(100_000, seed=42)
    >>> x.shape
    (100000, 2)
    >>> x[:2].compute().round(3)
    array([[-0.332,  3.184],
           [ 0.374,  1.361]])
    """

    mean: FloatArray
    """Mean, float64, shape (d,)."""
    covariance: Covariance
    """Covariance, of dimension d."""
    names: tuple[str, ...] | None
    """Names of the variables, if they were given, or the mean or the covariance brought any."""

    def __init__(
        self,
        mean: object,
        cov: object,
        *,
        method: checks.Method = "svd",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        names: Sequence[str] | None = None,
    ) -> None:
        checks.method(method)
        # A mean of -0.0 would keep the sign of a zero, which sums do not promise.
        vector = checks.real_array("mean", mean) + 0.0
        checks.mean_vector(vector)
        covariance = as_covariance(cov, vector.shape[0], method=method, check_valid=check_valid, tol=tol)
        checks.same_length(vector, covariance.ndim)
        checks.finite("mean", vector)
        vector.setflags(write=False)
        object.__setattr__(self, "mean", vector)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "names", checks.given_names(names, len(vector), checks.names(mean, cov)))
        covariance.factorize()

    def __repr__(self) -> str:
        return f"MultivariateNormal(ndim={self.ndim}, covariance={self.covariance!r})"

    @property
    def ndim(self) -> int:
        """Dimension d."""
        return int(self.mean.shape[0])

    def sample(
        self,
        size: object = None,
        *,
        seed: SeedLike,
        dtype: npt.DTypeLike = np.float64,
        chunks: object = "auto",
    ) -> "da.Array":
        """Samples as a lazy Dask array: the same arguments give the same rows, always.

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the sample; None is a single row.
        seed : None, int, sequence of int, SeedSequence, BitGenerator or Generator
            As for ``numpy.random.default_rng``. The rows are those of the first call on
            ``mvn_dask.default_rng(seed)``; None takes fresh entropy.
        dtype : dtype
            float64 or float32. float32 draws other normals, and is no rounding of the float64 rows.
        chunks : "auto", str, int, tuple or dict
            Blocks of the array: "auto", a size such as "64 MiB", rows of a block (-1 for all), or
            chunks of every axis as dask takes them. The values do not depend on it. A block draws every
            stripe that it touches, so multiples of ``mvn_dask.stripe_height(d)`` rows waste nothing.

        Returns
        -------
        dask.array.Array, shape (*size, d)

        Raises
        ------
        ArgumentError, ArgumentTypeError
            For arguments that make no sense.
        BlockTooLargeError
            If a block cannot fit into the memory of a worker.
        """
        lengths, kind = checks.size(size), checks.dtype(dtype)
        return draw(self, lengths, root=as_root(seed).child(0), dtype=kind, chunks=chunks)


def draw(
    normal: MultivariateNormal,
    size: tuple[int, ...],
    *,
    root: Root,
    dtype: np.dtype[np.floating],
    chunks: object,
) -> "da.Array":
    """Samples from the streams of a given root: what `MultivariateNormal.sample` and Generators share."""
    from mvn_dask.sampling.array import sample

    spec = sample_spec(normal.mean, normal.covariance, size, root=root, dtype=dtype, chunks=chunks, names=normal.names)
    return sample(spec)
