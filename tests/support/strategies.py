"""What numpy takes and what numpy gives, to test against."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from threadpoolctl import threadpool_limits

from mvn_dask import stripe_height
from mvn_dask.checks import NumpyMethod

Floats = npt.NDArray[np.float64]
METHODS: list[NumpyMethod] = ["svd", "eigh", "cholesky"]


def random_moments(d: int, seed: int = 0) -> tuple[Floats, Floats]:
    """A mean (d,) and a positive definite covariance (d, d) without any symmetry of its factor."""
    rng = np.random.default_rng([seed, d])
    a = rng.standard_normal((d, d))
    return rng.standard_normal(d), a @ a.T / d + 0.5 * np.diag(rng.uniform(0.5, 2.0, d))


def numpy_stripe(
    seed: object,
    call: int,
    stripe: int,
    mean: Floats,
    cov: Floats,
    method: NumpyMethod,
    *,
    bit_generator: type[np.random.BitGenerator] = np.random.SFC64,
) -> Floats:
    """A stripe as numpy alone draws it, with spawned seed sequences and one BLAS thread."""
    root = np.random.SeedSequence(cast(Any, seed))
    stream = root.spawn(call + 1)[call].spawn(stripe + 1)[stripe]
    height = stripe_height(len(mean), len(mean))
    with threadpool_limits(1, "blas"):
        generator = np.random.Generator(bit_generator(stream))
        return generator.multivariate_normal(mean, cov, size=height, method=method)


@st.composite
def covariances(draw: DrawFn, dimensions: SearchStrategy[int]) -> Floats:
    """Positive semidefinite matrices, some of them singular, of scales from 1e-6 to 1e6."""
    d = draw(dimensions)
    rank = draw(st.integers(1, d))
    scale = 10.0 ** draw(st.integers(-3, 3))
    a = np.random.default_rng(draw(st.integers(0, 2**32))).standard_normal((d, rank)) * scale
    return a @ a.T


@st.composite
def partitions(draw: DrawFn, total: int) -> tuple[int, ...]:
    """Ways to cut a length into pieces."""
    if total == 0:
        return (0,)
    borders = draw(st.sets(st.integers(1, total - 1), max_size=6)) if total > 1 else set()
    edges = [0, *sorted(borders), total]
    return tuple(int(piece) for piece in np.diff(edges))
