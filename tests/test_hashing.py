import numpy as np
import pytest

from mvn_dask.hashing import canonical_json, digest, fingerprint


def test_one_spelling_for_one_value() -> None:
    assert canonical_json({"b": [1, 2], "a": None}) == canonical_json({"a": None, "b": (1, 2)})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len(fingerprint({})) == 64
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_a_digest_covers_dtype_shape_and_numbers() -> None:
    numbers = np.arange(6.0)
    different = [numbers, numbers.reshape(2, 3), numbers.astype(np.float32), numbers + 1]
    assert len({digest(each) for each in different}) == len(different)
    assert digest(numbers.reshape(2, 3)) == digest(np.asfortranarray(numbers.reshape(2, 3)))
