from types import SimpleNamespace

import numpy as np

from mvn_dask.event import Event
from mvn_dask.lineage import Lineage


def test_the_name_tells_the_sample_from_what_is_derived_from_it() -> None:
    mean = np.zeros(2)
    lineage = Lineage({"seed": 1}, SimpleNamespace(arrays={"mean": mean}), ("sample",), Event.of_variables(2))
    other = Lineage({"seed": 2}, SimpleNamespace(arrays={"mean": mean}), ("sample",), Event.of_variables(2))
    assert lineage.arrays["mean"] is mean
    assert lineage.dimensions == ("sample", "variable")
    assert lineage.fingerprint != other.fingerprint
    assert lineage.is_of(lineage.name)
    assert lineage.is_of(f"{lineage.name}-1000")
    assert not lineage.is_of(f"{lineage.name}0")
    assert not lineage.is_of(f"add-{lineage.name}")
    assert not other.is_of(lineage.name)
