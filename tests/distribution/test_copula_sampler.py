"""Records of copulas, which may be hostile, and scores of their rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import mvn_dask
from mvn_dask.distribution.copula_sampler import GaussianCopulaSampler
from mvn_dask.errors import ArgumentError, DamagedManifestError
from mvn_dask.maintenance.verify import verify
from tests.distribution.test_gaussian_copula import COPULA, MARGINALS


def test_scores_are_those_of_the_laws_and_not_of_the_tables() -> None:
    rows = COPULA.sample(1000, seed=1).compute()
    sampler = COPULA.sampler(np.dtype(np.float64))
    expected = np.column_stack([stats.norm.ppf(law.cdf(x)) for law, x in zip(MARGINALS, rows.T, strict=True)])
    columns = np.array([3, 0, 1])
    np.testing.assert_allclose(sampler.scores(rows[:, columns], columns), expected[:, columns], atol=1e-4)


def changed(record: dict[str, Any], **marginal: Any) -> dict[str, Any]:
    first, *others = record["marginals"]
    return {**record, "marginals": [{**first, **marginal}, *others]}


def test_hostile_records_are_refused() -> None:
    sampler = COPULA.sampler(np.dtype(np.float64))
    record, parameters = sampler.record(), sampler.parameters()
    twice = [record["marginals"][0], *record["marginals"][:3]]
    for wrong in (
        changed(record, name="os.system"), changed(record, shapes=[1]), changed(record, cells=17),
        changed(record, cells=True), changed(record, cells=0), changed(record, more=1), {**record, "marginals": []},
        {**record, "marginals": {}}, {**record, "marginals": [1]}, {**record, "marginals": twice},
        {**record, "exact": 0}, {**record, "exact": True}, {**record, "factor": {}},
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            GaussianCopulaSampler.from_parameters(wrong, parameters)
    table, scale, quantiles = parameters["table"], parameters["scale"], parameters["quantiles"]
    for name, array in (
        ("table", table + 1), ("table", table - 1), ("table", table.astype(np.int32)), ("table", table[None]),
        ("table", np.zeros_like(table)), ("scale", -scale), ("scale", scale * np.inf), ("scale", scale[1:]),
        ("location", parameters["location"] * np.nan), ("quantiles", quantiles[1:]), ("quantiles", quantiles[:, 1:]),
        ("quantiles", quantiles.astype(np.float32)), ("another", scale),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            GaussianCopulaSampler.from_parameters(record, {**parameters, name: array})


def test_a_store_that_names_something_else_is_refused(tmp_path: Path) -> None:
    from mvn_dask.store.format.manifest import parse_manifest, values_fingerprint

    mvn_dask.to_zarr(COPULA.sample(100, seed=2), tmp_path / "store")
    path = tmp_path / "store" / ".mvn_dask" / "manifest.json"
    manifest = parse_manifest(path.read_bytes(), str(path))
    fingerprint = values_fingerprint("sample", None, manifest.samples)
    forged = path.read_bytes().replace(b'"name":"lognorm"', b'"name":"Lognorm"')
    other = {**manifest.samples[0], "distribution": changed(manifest.samples[0]["distribution"], name="Lognorm")}
    path.write_bytes(forged.replace(fingerprint.encode(), values_fingerprint("sample", None, [other]).encode()))
    with pytest.raises(DamagedManifestError, match="no marginal is called 'Lognorm'"):
        verify(tmp_path / "store", level="values")
