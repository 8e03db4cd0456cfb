from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.schema.sample_table import CHUNKS
from mvn_dask.random.streams import BIT_GENERATORS
from tests.support.jobs import job


def test_sizes() -> None:
    for size, meant in [(3, 3), (0, 0), (1e9, 10**9), ("1_000", 1000), ([2, "1e3", 4.0], (2, 1000, 4)), ([0], (0,))]:
        assert job(sample={"size": size}).sample.size == meant


def test_seeds() -> None:
    for seed in [0, 7, 2**200, [1, 2], [2**200]]:
        found = job(sample={"seed": seed}).sample.seed
        assert found == (tuple(seed) if isinstance(seed, list) else seed)
        assert np.random.SeedSequence(found).entropy == found


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"size": -1}, "size: must be an integer of at least 0, not -1"),
    ({"size": 1.5}, "size: must be an integer of at least 0, not 1.5"),
    ({"size": True}, "size: must be an integer of at least 0, not true"),
    ({"size": "many"}, 'size: must be an integer of at least 0, not "many"'),
    ({"size": [3, -1]}, "size: must be an integer of at least 0, not -1"),
    ({"size": []}, "size: must not be an empty list"),
    ({"size": None}, "size: is required"),
    ({"seed": None}, "seed: is required"),
    ({"seed": -1}, "seed: must be an integer of at least 0, not -1"),
    ({"seed": []}, "seed: must not be an empty list"),
    ({"seed": 0.5}, "seed: must be an integer of at least 0, not 0.5"),
    ({"dtype": "float16"}, 'dtype: must be "float64" or "float32", not "float16"'),
    (
        {"bit_generator": "sfc64"},
        'bit_generator: must be "SFC64", "PCG64", "PCG64DXSM", "MT19937" or "Philox", not ',
    ),
    ({"chunks": 0}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not 0'),
    ({"chunks": -2}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not -2'),
    ({"chunks": "big"}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not "'),
    ({"chunks": "0 MiB"}, 'chunks: must be "auto", a size such as '),
    ({"chunks": [10, 2]}, 'chunks: must be "auto", a size such as '),
    ({"chunks": True}, 'chunks: must be "auto", a size such as '),
]


def test_faults() -> None:
    for sample, fault in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(sample=sample)
        assert str(caught.value).startswith(f"job.toml: sample.{fault}")


def test_chunks() -> None:
    for chunks, meant in [
        ("auto", CHUNKS),
        ("64 MiB", "64 MiB"),
        (65536, 65536),
        (1e6, 10**6),
        ("1e6", 10**6),
        (-1, -1),
        (" 1 GB ", "1 GB"),
    ]:
        assert job(sample={"chunks": chunks}).sample.chunks == meant


def test_defaults_do_not_depend_on_the_machine() -> None:
    sample = job().sample
    assert (sample.dtype, sample.chunks, sample.bit_generator) == ("float64", "128 MiB", "SFC64")


def test_every_bit_generator_that_a_record_may_name() -> None:
    for name in BIT_GENERATORS:
        assert job(sample={"bit_generator": name}).sample.bit_generator == name


@pytest.mark.parametrize("size", [2**63, "1e400", [5, 2**70]])
def test_sizes_that_no_array_has(size: object) -> None:
    with pytest.raises(JobFileError, match=r"sample.size.*must be less than 2\*\*63"):
        job(sample={"size": size})
