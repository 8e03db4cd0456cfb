"""numpy's interface, lazily: `default_rng`, `Generator`, and the legacy function."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Chunks, CovarianceLike, FloatDType, Size
from mvn_dask.array_likes import compute_together
from mvn_dask.covariance import Covariance
from mvn_dask.covariance.foreign_objects import DenseOptions, covariance_of_object
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import one_line, value_text
from mvn_dask.distribution import MultivariateNormal
from mvn_dask.distribution.numpy_arguments import numpy_arguments
from mvn_dask.random.streams import Root, SeedLike, as_root
from mvn_dask.signatures import short_signature

if TYPE_CHECKING:
    import dask.array as da


class Generator(Shown):
    """A source of lazy multivariate normal samples; `default_rng` makes one, as with numpy.

    Every call draws from a child of its own of the seed, as if by ``SeedSequence.spawn``: call c, stripe i is
    ``SeedSequence(seed).spawn(c + 1)[c].spawn(i + 1)[i]``. The only state is the number of calls that did not raise.

    Parameters
    ----------
    seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
        As for `default_rng`.

    See Also
    --------
    mvn_dask.default_rng : Makes one.
    mvn_dask.MultivariateNormal : A distribution as a value, whose samples need no generator.

    Examples
    --------
    >>> import mvn_dask
    >>> rng = mvn_dask.default_rng(42)
    >>> rng
    Generator(SFC64, entropy=42, key=(), calls=0)
    >>> rng.multivariate_normal([0, 0], [[2, 1], [1, 2]], size=(3, 4)).shape
    (3, 4, 2)
    """

    def __init__(self, seed: "SeedLike | Root") -> None:
        self._root = seed if isinstance(seed, Root) else as_root(seed)
        self._calls = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return one_line("Generator", self._values(), self._root.bit_generator)

    def _values(self) -> dict[str, object]:
        return {"entropy": self._root.entropy, "key": self._root.key, "calls": self._calls}

    def _summary(self) -> str:
        return self._root.bit_generator

    def _shown(self) -> Iterator[Html]:
        yield facts({name: value_text(value) for name, value in self._values().items()})

    def __getstate__(self) -> tuple[Root, int]:
        return self._root, self._calls

    def __setstate__(self, state: tuple[Root, int]) -> None:
        self._root, self._calls = state
        self._lock = threading.Lock()

    if not TYPE_CHECKING:  # with it, every name would exist for type checkers

        def __getattr__(self, name: str) -> object:
            raise AttributeError(_absence(name), name=name, obj=self)

    def spawn(self, n_children: int) -> list["Generator"]:
        """Independent generators: each takes the place of one call, as in ``SeedSequence.spawn``.

        Parameters
        ----------
        n_children : int
            How many, not negative.

        Returns
        -------
        list of Generator
            As many as were asked for.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `n_children` is negative or no integer.

        See Also
        --------
        numpy.random.Generator.spawn : Its namesake.

        Examples
        --------
        >>> import mvn_dask
        >>> [child._root.key for child in mvn_dask.default_rng(42).spawn(2)]
        [(0,), (1,)]
        """
        count = checks.count("n_children", n_children)
        with self._lock:
            first = self._calls
            self._calls += count
        return [Generator(self._root.child(number)) for number in range(first, first + count)]

    @short_signature
    def multivariate_normal(
        self,
        mean: ArrayLike,
        cov: CovarianceLike | Covariance,
        size: Size = None,
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        *,
        method: checks.NumpyMethod = "svd",
        dtype: FloatDType = "float64",
        chunks: Chunks = "auto",
    ) -> "da.Array":
        """Samples of a multivariate normal distribution, as a lazy Dask array.

        Parameters
        ----------
        mean : array_like, shape (d,), or float
            Mean; a number is that of all variables of a Covariance, of which it may have the shape of a draw. Labels of
            mean and cov are taken as by `MultivariateNormal`.
        cov : array_like, shape (d, d), or Covariance
            Covariance.
        size : int or tuple of int, optional
            Shape of the sample; None is a single row.
        check_valid : {"warn", "raise", "ignore"}
            What to do if `cov` is not symmetric and positive semidefinite.
        tol : float
            Tolerance of that check.
        method : {"svd", "eigh", "cholesky"}
            How `cov` is factorised; see `mvn_dask.covariance.Dense`. A Covariance brings its own.
        dtype : dtype
            Precision of the numbers, float64 or float32.
        chunks : "auto", str, int, tuple or dict
            Blocks of the array; see `MultivariateNormal.sample`.

        Returns
        -------
        dask.array.Array, shape ``(*size, d)``
            Lazy; of shape ``(*size, *event_shape)`` where draws of `cov` have several axes.

        Raises
        ------
        ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
            As `MultivariateNormal`, and for a `size`, `dtype` or `chunks` that makes no sense.
        BlockTooLargeError
            If a block cannot fit into the memory of a worker.

        Warns
        -----
        RuntimeWarning
            Under ``check_valid="warn"``, if `cov` is not symmetric and positive semidefinite, or if its
            factor misses a variance.

        See Also
        --------
        mvn_dask.MultivariateNormal.sample : The same of a distribution that is factorised once.
        numpy.random.Generator.multivariate_normal : What it takes the place of.

        Notes
        -----
        numpy's ``Generator.multivariate_normal`` with the same arguments, but: it raises for NaN and
        infinities, it checks every method for symmetry and for the variances of its factor, `tol` is relative
        to the variables' own standard deviations, and everything is checked before the generator moves on.

        Examples
        --------
        >>> import mvn_dask
        >>> rng = mvn_dask.default_rng(42)
        >>> x = rng.multivariate_normal([0.01, 0.02], [[0.04, 0.01], [0.01, 0.09]], size=1_000_000)
        >>> x.shape, float(x[:, 0].std().compute().round(3))
        ((1000000, 2), 0.2)
        """
        from mvn_dask.sampling.array import sample

        options: dict[str, Any] = {"method": checks.numpy_method(method), "check_valid": check_valid, "tol": tol}
        mean, cov = compute_together(mean, cov)
        cov = covariance_of_object(cov, cast(DenseOptions, options)) or cov
        lengths = numpy_arguments(mean, cov, size)
        kind = checks.dtype(dtype)
        if isinstance(cov, Covariance) and method == "svd":
            del options["method"]  # the default, while a covariance brings its own
        normal = MultivariateNormal(mean, cov, **options)
        with self._lock:
            spec = normal.spec(lengths, root=self._root.child(self._calls), dtype=kind, chunks=chunks)
            samples = sample(spec)
            self._calls += 1
        return samples


def _absence(name: str) -> str:
    """What to call in place of a method that numpy's Generator has and ours has not."""
    text = f"a Generator of mvn_dask has no attribute {name!r}"
    # What is no method has nothing that could be called instead: bit_generator is numpy's own object.
    if name.startswith("_") or not callable(getattr(np.random.Generator, name, None)):
        return text
    import dask.array as da

    if hasattr(da.random.Generator, name):
        return f"{text}, since it draws multivariate normals alone: use dask.array.random.default_rng(seed).{name}"
    return f"{text}, nor has dask.array.random: use numpy.random.default_rng(seed).{name}, in memory"


@short_signature
def default_rng(seed: "SeedLike | Generator" = None) -> Generator:
    """A Generator, from anything that ``numpy.random.default_rng`` takes.

    Parameters
    ----------
    seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
        None takes fresh entropy. Integers may be nested in lists and arrays, where their order counts alone.
        A numpy BitGenerator, Generator or RandomState gives the kind of its bit generator, otherwise that is
        SFC64; at its beginning it gives its seed sequence, and once it was advanced, jumped or restored, its
        state. A Generator of mvn_dask is given back as it is.

    Returns
    -------
    Generator
        At its beginning: its first call is call 0 of the seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For a seed that numpy would not take either, or a bit generator that is not numpy's own.

    See Also
    --------
    mvn_dask.Generator : What it gives.
    mvn_dask.MultivariateNormal : A distribution as a value, whose samples take a seed.

    Examples
    --------
    >>> import mvn_dask, numpy
    >>> mvn_dask.default_rng(numpy.random.PCG64(7))
    Generator(PCG64, entropy=7, key=(), calls=0)
    """
    return seed if isinstance(seed, Generator) else Generator(as_root(seed))


@short_signature
def multivariate_normal(
    mean: ArrayLike,
    cov: CovarianceLike | Covariance,
    size: Size = None,
    check_valid: checks.CheckValid = "warn",
    tol: float = 1e-8,
    *,
    seed: "SeedLike | Generator" = None,
    dtype: FloatDType = "float64",
    chunks: Chunks = "auto",
) -> "da.Array":
    """The legacy ``numpy.random.multivariate_normal``, lazily: always svd, and no global state.

    Parameters
    ----------
    mean, cov : array_like, shape (d,) and (d, d)
        As for `Generator.multivariate_normal`, and so are all but `seed`.
    size : int or tuple of int, optional
        Shape of the sample, less the variables.
    check_valid : {"warn", "raise", "ignore"}
        What to do if `cov` is not symmetric and positive semidefinite.
    tol : float
        Tolerance of that check.
    seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
        As for `default_rng`.
    dtype, chunks : dtype, and "auto", str, int, tuple or dict
        Precision, and blocks.

    Returns
    -------
    dask.array.Array, shape ``(*size, d)``
        Lazy: nothing is drawn before it is computed.

    See Also
    --------
    mvn_dask.default_rng : A generator, for several calls.
    mvn_dask.MultivariateNormal : A distribution that is factorised once.

    Examples
    --------
    >>> import mvn_dask
    >>> mvn_dask.multivariate_normal([0, 0], [[1, 0], [0, 1]], size=5, seed=1).shape
    (5, 2)
    """
    return default_rng(seed).multivariate_normal(mean, cov, size, check_valid, tol, dtype=dtype, chunks=chunks)
