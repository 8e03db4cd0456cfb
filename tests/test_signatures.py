"""Signatures in help, and what programs and type checkers see."""

import inspect
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, get_type_hints

import pytest

import mvn_dask
from mvn_dask import covariance, plot, statistics
from mvn_dask.signatures import LONGEST_SIGNATURE, ShortSignature, short_signature

RNG = mvn_dask.default_rng(1)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (
            RNG.multivariate_normal,
            "(mean, cov, size=None, check_valid='warn', tol=1e-08, *, method='svd', dtype='float64', chunks='auto')",
        ),
        (
            mvn_dask.multivariate_normal,
            "(mean, cov, size=None, check_valid='warn', tol=1e-08, *, seed=None, dtype='float64', chunks='auto')",
        ),
        (
            mvn_dask.MultivariateNormal,
            "(mean, cov, *, method='auto', check_valid='warn', tol=1e-08, names=None, event_shape=None, dims=None, "
            "coords=None)",
        ),
        (mvn_dask.verify, "(url, *, level='size', full=False, storage_options=None)"),
        (mvn_dask.Job.from_toml, "(path, overrides=())"),
        (statistics.Quantile, "(q, confidence_level=0.95)"),
    ],
    ids=["Generator", "legacy", "MultivariateNormal", "verify", "from_toml", "Quantile"],
)
def test_help_is_short(function: Callable[..., Any], shown: str) -> None:
    assert str(inspect.signature(function)) == shown


def test_annotations_stay() -> None:
    def draw(mean: float, *rest: int, size: int | None = None) -> float:
        return mean

    short = short_signature(draw)
    assert short is draw
    signature = inspect.signature(draw)
    assert str(signature) == "(mean, *rest, size=None)"
    assert draw.__annotations__ == {"mean": float, "rest": int, "size": int | None, "return": float}
    assert {name: each.annotation for name, each in signature.parameters.items()} == {
        "mean": float, "rest": int, "size": int | None
    }  # fmt: skip
    assert signature.return_annotation is float
    assert signature.bind(1.0, 2, size=3).arguments == {"mean": 1.0, "rest": (2,), "size": 3}
    assert [str(each) for each in signature.parameters.values()] == ["mean", "*rest", "size=None"]
    assert pickle.loads(pickle.dumps(signature)) == signature  # noqa: S301 our own
    assert str(signature.replace(return_annotation=int)) == "(mean, *rest, size=None)"
    if sys.version_info >= (3, 13):
        assert signature.format(max_width=10).count("\n") == 4


def test_subclasses_have_their_own_signature() -> None:
    @short_signature
    @dataclass
    class Wide:
        size: int | None = None

    class Narrow(Wide):
        def __init__(self, length: float) -> None:
            super().__init__(int(length))

    assert str(inspect.signature(Wide)) == "(size=None)"
    assert str(inspect.signature(Narrow)) == "(length: float) -> None"
    assert str(inspect.signature(object.__init__)) == "(self, /, *args, **kwargs)"


def called_by_users() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public functions and classes, and their methods whose parameters are explained."""
    for module in (mvn_dask, covariance, statistics, plot):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, (FunctionType, type)):
                yield name, value
            if isinstance(value, type):
                methods = [(each, getattr(value, each)) for each in dir(value) if not each.startswith("_")]
                yield from (
                    (f"{name}.{each}", method)
                    for each, method in methods
                    if getattr(method, "__module__", "").startswith("mvn_dask.")
                    and re.search(r"^ *Parameters$", method.__doc__ or "", re.MULTILINE)
                )


CALLED = dict(called_by_users())


@pytest.mark.parametrize("name", CALLED)
def test_what_is_long_with_types_is_written_without(name: str) -> None:
    """One rule for all that users call: types, which the docstring has, only where all fits into a line."""
    signature = inspect.signature(CALLED[name])
    text = f"{name.rpartition('.')[2]}{signature}"
    assert isinstance(signature, ShortSignature) or len(text) <= LONGEST_SIGNATURE


def test_the_rule_is_of_all_kinds_of_names() -> None:
    kinds = {"to_zarr", "Job.run", "MultivariateNormal.plot", "pairs", "Quantile", "Dense", "Generator.spawn"}
    assert kinds <= set(CALLED)


@pytest.mark.parametrize("name", [name for name in CALLED if isinstance(CALLED[name], FunctionType)])
def test_programs_see_the_types(name: str) -> None:
    function = CALLED[name]
    signature = inspect.signature(function)
    types = {each: kind for each, kind in function.__annotations__.items() if each != "return"}
    assert {each.name: each.annotation for each in signature.parameters.values() if each.name != "self"} == types
    assert signature.return_annotation == function.__annotations__["return"]


def test_hints_are_those_of_the_function() -> None:
    assert get_type_hints(covariance.matern)["return"] is covariance.CovarianceFunction
    assert get_type_hints(covariance.nearest_psd)["method"] == covariance.nearest_psd.__annotations__["method"]


def test_ipython_writes_no_types() -> None:
    """It writes parameters one by one, and what comes out."""
    inspector = pytest.importorskip("IPython.core.oinspect").Inspector
    shown = inspector(theme_name="nocolor")._getdef(mvn_dask.verify, "verify")
    assert shown.startswith("verify(url, *, level='size', full=False, storage_options=None) -> ")
