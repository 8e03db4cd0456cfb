import pytest

from mvn_dask.provenance import canonical_json, fingerprint


def test_one_spelling_for_one_value() -> None:
    assert canonical_json({"b": [1, 2], "a": None}) == canonical_json({"a": None, "b": (1, 2)})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len(fingerprint({})) == 64
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})
