"""Reports of stores of derived numbers: what is refused, the page, and plain numbers."""

import json
from pathlib import Path
from typing import Any, cast

import dask
import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import DamagedChunkError, DerivedStoreError, UnfinishedStoreError
from mvn_dask.reporting.derived_report import DerivedReport
from mvn_dask.statistics import ExpectedShortfall, Mean, Quantile
from tests.reporting.derived_stores import derived_report, sound, stored
from tests.reporting.test_page import HOSTILE, check


def losses(rows: int, chunks: int = 2500) -> da.Array:
    x = mvn_dask.MultivariateNormal(np.zeros(3), np.eye(3) + 0.5).sample(rows, seed=1, chunks=chunks)
    return cast("da.Array", da.exp(x).sum(axis=1))


def test_losses() -> None:
    found = derived_report(stored(losses(50_000)))
    assert found.ok, found
    text = found.html
    assert {"svg", "table", "details"} <= check(text).tags
    assert "Nothing found changes along the rows." in text
    assert "1 in 1,000 stores of independent rows" in text
    for shown in (
        "50,000 rows of 1 number, float64",
        "1 sample; multivariate normal, seed 1",
        "Upper tail",
        "Along the",
    ):
        assert shown in text
    assert text.count("<svg") == 8
    assert str(found).splitlines()[0].endswith(": ok (wrong for 1 in 1,000 stores of independent rows)")
    assert repr(found).startswith("DerivedReport(url=")


def test_the_numbers_are_those_of_estimate() -> None:
    url = stored(losses(20_000))
    data = json.loads(json.dumps(derived_report(url).as_dict(), allow_nan=False))
    x = mvn_dask.from_zarr(url)
    mean, quantile, shortfall = mvn_dask.estimate(x, Mean(), Quantile(0.99), ExpectedShortfall(0.99))
    (column,) = data["columns"]
    assert column["moments"]["mean"]["value"] == mean.value
    assert column["moments"]["mean"]["confidence_interval"]["high"] == mean.confidence_interval.high
    assert column["quantiles"]["value"][3] == quantile.value
    assert column["expected_shortfalls"]["value"][2] == shortfall.value
    assert sum(column["histogram"]["counts"]) == 20_000
    assert column["convergence"]["mean"]["rows"] == [2048, 4096, 8192, 16384, 20_000]
    assert (data["shape"], data["dtype"], data["ok"]) == ([20_000], "float64", True)
    assert [each["family"] for each in data["verdicts"]][:3] == ["means_along", "variances_along", "shares_along"]


def test_a_change_is_shown() -> None:
    numbers = np.random.default_rng(1).standard_normal(20_000)
    numbers[10_000:] += 0.3
    numbers[77] = np.nan
    found = derived_report(stored(numbers))
    text = found.html
    assert not found.ok
    assert "Look at: Means along the rows, Shares along the rows." in text
    assert 'class="change"' in text
    assert "1 missing (NaN) left out" in text
    assert 'class="grade warn">warning<' in text


def test_missing_numbers_alone_are_a_warning() -> None:
    numbers = sound(5000, 1)
    numbers[5, 2] = np.nan
    found = derived_report(stored(numbers, (1000, 4)))
    assert found.ok
    assert "Nothing found changes along the rows, but see: Numbers." in found.html


def test_rows_of_sobol_points_are_not_tested() -> None:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(2**13, seed=1, points="sobol", chunks=2048)
    found = derived_report(stored(da.exp(x).sum(axis=1)))
    assert [each.grade for each in found.verdicts[:3]] == ["not tested"] * 3
    assert found.left_out[0].startswith("Tests along the rows: none")
    text = found.html
    check(text)
    assert "for which the tests of this page are not made" in text
    assert "statistical tests together" not in text


KINDS: dict[str, tuple[Any, Any]] = {
    "empty": (np.empty((0, 3)), (10, 3)),
    "no columns": (np.empty((4, 0)), (2, 1)),
    "one number": (np.float64(3.0), ()),
    "one row": (np.arange(3.0)[None], (1, 3)),
    "float32": (np.random.default_rng(1).standard_normal(3000).astype("float32"), 500),
    "integers": (np.random.default_rng(1).poisson(4.0, (3000, 2)), (500, 2)),
    "bool": (np.random.default_rng(1).random(3000) < 0.01, 500),
    "field": (np.random.default_rng(1).standard_normal((3000, 3, 8)), (500, 2, 8)),
    "cut columns": (np.random.default_rng(1).standard_normal((3000, 5)), (500, 2)),
    "missing": (np.full((50, 2), np.nan), (10, 2)),
}


@pytest.mark.parametrize("name", KINDS)
def test_all_shapes_and_types(name: str) -> None:
    numbers, chunks = KINDS[name]
    array = da.from_array(numbers, chunks=chunks) if np.ndim(numbers) else da.from_array(np.float64(3.0))
    found = derived_report(stored(array))
    assert found.ok == (name != "missing"), found
    check(found.html)
    json.dumps(found.as_dict(), allow_nan=False)
    if name == "field":
        assert found.left_out == ["All but 16 of 24 columns, evenly chosen."]
        assert "left out: All but 16 of 24 columns" in str(found)
        assert "dim_1=1, dim_2=4" in found.html


def test_a_page_has_a_bounded_size() -> None:
    numbers = np.random.default_rng(1).standard_cauchy((20_000, 200)) * np.logspace(-20, 20, 200)
    found = derived_report(stored(numbers, (5000, 200)))
    check(found.html)
    assert len(found.summaries.columns) == 16
    assert len(json.dumps(found.as_dict(), allow_nan=False)) < 2_000_000


def test_names_come_from_users() -> None:
    xarray = pytest.importorskip("xarray")
    array = da.from_array(np.random.default_rng(1).standard_normal((2000, 4)), chunks=(500, 4))
    named = xarray.DataArray(array, dims=("sample", "asset"), coords={"asset": HOSTILE})
    mvn_dask.to_zarr(named, "memory://derived-hostile")
    text = derived_report("memory://derived-hostile").html
    check(text)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_what_is_not_whole_is_refused(tmp_path: Path) -> None:
    url = tmp_path / "losses"
    mvn_dask.to_zarr(losses(10_000), url)
    chunk = url / "samples" / "c" / "2"
    content = chunk.read_bytes()
    chunk.unlink()
    with pytest.raises(UnfinishedStoreError, match="1 of 4 chunks"):
        mvn_dask.report(url)
    chunk.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(DamagedChunkError, match=r"chunk \(2,\)"):
        mvn_dask.report(url)
    mvn_dask.to_zarr(losses(100) * 1j, "memory://derived-complex")
    with pytest.raises(DerivedStoreError, match="holds complex128: a report on derived numbers is about real ones"):
        mvn_dask.report("memory://derived-complex")


@pytest.mark.parametrize("scheduler", ["synchronous", pytest.param("processes", marks=pytest.mark.slow)])
def test_schedulers_agree(tmp_path: Path, scheduler: str) -> None:
    mvn_dask.to_zarr(losses(100_000, 7000), tmp_path / "losses")
    found = []
    for each in ("threads", scheduler):
        with dask.config.set(scheduler=each, num_workers=2):
            report = mvn_dask.report(tmp_path / "losses")
        assert isinstance(report, DerivedReport)
        found.append(report.as_dict() | {"made": None})
    assert found[0] == found[1]


@pytest.mark.faults
def test_a_cluster_agrees(tmp_path: Path, processes: object) -> None:
    mvn_dask.to_zarr(losses(100_000, 7000), tmp_path / "losses")
    found = mvn_dask.report(tmp_path / "losses").as_dict()
    with dask.config.set(scheduler="synchronous"):
        assert mvn_dask.report(tmp_path / "losses").as_dict() | {"made": None} == found | {"made": None}
