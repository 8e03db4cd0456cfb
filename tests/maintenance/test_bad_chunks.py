import pickle
import tracemalloc

import numpy as np
import pytest

from mvn_dask.maintenance.bad_chunks import BadChunks
from tests.store.format.test_chunk_listing import manifest_with


def test_it_is_a_mapping_in_c_order() -> None:
    manifest = manifest_with((3, 2))
    bad = BadChunks(manifest, np.array([0, 1, 0, 0, 1, 0], bool), {5: "the checksum differs", 1: "gone"})
    assert dict(bad) == {(0, 1): "gone", (2, 0): "missing", (2, 1): "the checksum differs"}
    assert list(bad) == [(0, 1), (2, 0), (2, 1)]
    assert (len(bad), bool(bad)) == (3, True)
    assert bad[2, 0] == "missing"
    assert (0, 0) not in bad
    for other in [(3, 0), (0,), (0, 0, 0), (-1, 0), (0.5, 0), "ab", 5, None]:
        with pytest.raises(KeyError):
            bad[other]  # type: ignore[index]
    assert bad == dict(bad) == pickle.loads(pickle.dumps(bad))  # noqa: S301
    assert repr(bad) == "BadChunks(3 of 6 chunks)"
    assert not BadChunks(manifest, np.zeros(6, bool), {})
    assert dict(BadChunks(manifest_with(()), np.ones(1, bool), {})) == {(): "missing"}


def test_ten_million_missing_chunks_take_a_byte_each() -> None:
    manifest = manifest_with((10**7, 1))
    tracemalloc.start()
    bad = BadChunks(manifest, np.ones(10**7, bool), {3: "wrong size"})
    first = [index for index, _ in zip(bad, range(4), strict=False)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(bad), first) == (10**7, [(0, 0), (1, 0), (2, 0), (3, 0)])
    assert peak < 25 * 2**20
