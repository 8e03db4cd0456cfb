"""What `import mvn_dask` shows."""

import dataclasses
import inspect
import re
import rlcompleter
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pytest

import mvn_dask
from mvn_dask import covariance, errors
from mvn_dask.errors import MvnDaskError

REPORTS = {"Extension", "Repair", "Report", "SequentialEstimate", "Status", "Verification"}
"""What functions give back: nobody makes one, so their fields are documented, and no parameters."""


def public() -> list[tuple[str, object]]:
    return [(name, getattr(mvn_dask, name)) for name in mvn_dask.__all__]


def test_names() -> None:
    assert set(mvn_dask.__all__) == {
        "Extension", "GaussianCopula", "Generator", "Job", "MultivariateNormal", "MultivariateT", "Repair", "Report",
        "SequentialEstimate", "Status", "Verification", "__version__", "combine", "covariance", "default_rng", "errors",
        "estimate", "estimate_until", "extend", "from_zarr", "multivariate_normal", "plot", "repair", "replay",
        "report",
        "statistics", "status", "stripe_height", "to_xarray", "to_zarr", "verify",
    }  # fmt: skip
    assert metadata.version("mvn_dask") == mvn_dask.__version__
    assert (Path(mvn_dask.__file__).parent / "py.typed").exists()


def test_numpys_signature_comes_first() -> None:
    theirs = ["mean", "cov", "size", "check_valid", "tol"]
    for ours, keywords in (
        (mvn_dask.Generator.multivariate_normal, ["method", "dtype", "chunks"]),
        (mvn_dask.multivariate_normal, ["seed", "dtype", "chunks"]),
    ):
        parameters = {
            name: parameter for name, parameter in inspect.signature(ours).parameters.items() if name != "self"
        }
        assert list(parameters) == [*theirs, *keywords]
        assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in keywords)
        defaults = {name: parameters[name].default for name in theirs[2:]}
        assert defaults == {"size": None, "check_valid": "warn", "tol": 1e-8}
    generator = inspect.signature(mvn_dask.Generator.multivariate_normal).parameters
    assert (generator["method"].default, generator["dtype"].default) == ("svd", "float64")


def test_everything_public_is_documented() -> None:
    for name, value in public():
        if dataclasses.is_dataclass(value) and name in REPORTS:
            source = "".join(inspect.getsource(kind) for kind in inspect.getmro(value)[:-1])  # type: ignore[arg-type]
            for field in dataclasses.fields(value):
                assert re.search(rf'\n    {field.name}: .*\n    """', source), f"{name}.{field.name}"
        elif inspect.isclass(value) or inspect.isfunction(value):
            document = inspect.getdoc(value)
            assert document, name
            assert "Parameters" in document or not inspect.signature(value).parameters, name
            assert "Examples" in document, name
        if inspect.isclass(value):
            for member, method in inspect.getmembers(value, inspect.isfunction):
                ours = method.__module__.startswith("mvn_dask") and not member.startswith("_")
                assert not ours or inspect.getdoc(method), f"{name}.{member}"


@pytest.mark.parametrize("module", [mvn_dask, covariance, errors])
def test_completion_shows_the_public_names_alone(module: ModuleType) -> None:
    """As in a Python shell, after submodules were imported, which become attributes."""

    completer = rlcompleter.Completer({"module": module})
    shown = {str(completer.complete("module.", number)) for number in range(len(dir(module)) + 1)} - {"None"}
    public = [name for name in dir(module) if not name.startswith("_")]
    assert {name.removeprefix("module.").rstrip("()") for name in shown} == set(public)
    if module is errors:
        assert all(issubclass(getattr(module, name), errors.MvnDaskError) for name in public)
    else:
        assert dir(module) == sorted(module.__all__)


def test_a_name_that_is_missing_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'foo'"):
        mvn_dask.foo  # type: ignore[attr-defined]  # noqa: B018


def test_reprs_are_one_line() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(50), np.eye(50))
    for value in (normal, normal.covariance, mvn_dask.covariance.Diagonal(np.ones(50)), mvn_dask.default_rng(1)):
        assert len(repr(value).splitlines()) == 1
        assert len(repr(value)) < 100


def test_a_name_brings_what_it_needs_and_no_more() -> None:
    code = """
import sys, mvn_dask
slow = {"numpy", "dask", "dask.array", "distributed", "zarr", "scipy", "numba", "pydantic"}
print(sorted(slow & sys.modules.keys()))
mvn_dask.Job
print(sorted(slow & sys.modules.keys()))
assert not hasattr(mvn_dask, "nothing")
assert set(dir(mvn_dask)) >= {"to_zarr", "Job"}
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["[]", "['numpy', 'pydantic']"]


@pytest.mark.parametrize("number", [2**70, 10**5000], ids=["2**70", "10**5000"])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_integer_is_too_large_for_an_error(sign: int, number: int, tmp_path: Path) -> None:
    """Every argument takes any integer, or refuses it by an error of ours, in a line that is not endless."""
    normal, value = mvn_dask.MultivariateNormal([0.0, 1.0], np.eye(2)), cast(Any, sign * number)
    refused: list[str] = []
    rows = normal.sample(20, seed=1, chunks=10)
    mvn_dask.to_zarr(rows, tmp_path / "a")
    seeds: list[Any] = [value, [1, [value]], [hex(value)], [str(sign) + "0" * 5000]]
    calls: list[Callable[[], object]] = [
        *(partial(normal.sample, 5, **{"seed": 1, name: value}) for name in ("seed", "chunks", "dtype")),
        *(partial(normal.sample, size, seed=1) for size in (value, (2, value), (0, value))),
        *(partial(normal.sample, 5, seed=1, chunks=chunks) for chunks in ((value, 2), {0: value})),
        *(partial(mvn_dask.default_rng, seed) for seed in seeds),
        *(partial(mvn_dask.MultivariateNormal, mean, np.eye(2)) for mean in (value, [value, 0.0])),
        *(
            partial(mvn_dask.MultivariateNormal, [0.0, 1.0], cov, check_valid="raise")
            for cov in (value, [value, 1.0], [[value, 0], [0, 1]])
        ),
        *(
            partial(mvn_dask.MultivariateNormal, [0.0, 1.0], np.eye(2), **{name: value})
            for name in ("tol", "method", "check_valid", "names")
        ),
        *(partial(mvn_dask.to_zarr, rows, tmp_path / "b", part=part) for part in ((value, 2), (0, value), value)),
        partial(mvn_dask.to_zarr, rows, tmp_path / "b", shards=value),
        partial(mvn_dask.status, value),
        partial(mvn_dask.status, tmp_path / "a", part=(0, value)),
        partial(mvn_dask.extend, tmp_path / "a", value),
        partial(mvn_dask.stripe_height, value),
    ]
    for call in calls:
        try:
            call()
        except MvnDaskError as error:
            refused.append(str(error))
    assert len(refused) >= 15
    assert max(map(len, refused)) < 1000
