import json
import math

import numpy as np
import pytest

from mvn_dask.job.job_estimates import JobEstimates, TableEstimate
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.results import Estimate


def estimate(value: float) -> Estimate:
    return Estimate(value, 0.5, ConfidenceInterval(-math.inf, value + 1.0, 0.95), 12, "a method")


FOUND = JobEstimates(
    "ab" * 32,
    (1000, 2),
    (
        TableEstimate("loss", {"statistic": "mean", "column": 0}, estimate(2.0)),
        TableEstimate("<b>\x1b[1m", {"statistic": "mean"}, estimate(math.nan)),
    ),
)


def test_results_are_found_by_number_and_by_name() -> None:
    assert FOUND[0] is FOUND["loss"] is next(iter(FOUND))
    assert FOUND[-1].count == len(FOUND) + 10
    with pytest.raises(KeyError, match="'gain'"):
        FOUND["gain"]


def test_they_are_printed_without_control_characters() -> None:
    assert str(FOUND).splitlines()[:5] == [
        "sample abababababababab of 1000 rows",
        "",
        "loss",
        "  2 ± 0.5, 95 % [-inf, 3]",
        "  12 rows; a method",
    ]
    assert "\x1b" not in str(FOUND)
    assert "\n" not in repr(FOUND)
    html = FOUND._repr_html_()
    assert "&lt;b&gt;\\x1b[1m" in html
    assert "<b>\x1b" not in html


def test_json_takes_them() -> None:
    content = json.loads(json.dumps(FOUND.to_dict(), allow_nan=False))
    assert (content["fingerprint"], content["shape"]) == ("ab" * 32, [1000, 2])
    first, second = content["estimates"]
    assert (first["name"], first["table"]) == ("loss", {"statistic": "mean", "column": 0})
    assert first["result"]["confidence_interval"] == {"low": None, "high": 3.0, "level": 0.95}
    assert second["result"]["value"] is None
    assert np.isnan(FOUND[1].value)
