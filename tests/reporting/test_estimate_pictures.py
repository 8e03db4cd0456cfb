"""Pictures of estimates that a page is given."""

import json

import mvn_dask
from mvn_dask.estimation.convergence import convergence
from mvn_dask.reporting.estimate_pictures import MOST_NUMBERS, estimate_pictures, named_series, plain_series
from mvn_dask.statistics import Extremes, Mean, Moments, Quantile
from tests.reporting.samples import sample
from tests.reporting.test_page import check


def test_names_of_all_numbers() -> None:
    x = sample(5000)
    found = {
        "first": convergence(x, Mean(), columns=0),
        "all": convergence(x, Mean()),
        "moments": convergence(x, Moments(), columns=1),
        "levels": convergence(x, Quantile([0.5, 0.9]), columns=2),
        "ends": convergence(x, Extremes(1)),
    }
    names = [each.name for each in named_series(found)]
    assert names == [
        "first",
        *(f"all, {column}" for column in range(MOST_NUMBERS)),
        *(f"moments, {name}" for name in ("mean", "variance", "skewness", "kurtosis")),
        "levels, 0.5",
        "levels, 0.9",
    ]
    assert [caption for caption, _ in estimate_pictures(found)] == names
    plain = json.loads(json.dumps(plain_series(found), allow_nan=False))
    assert plain[0]["rows"] == [2048, 4096, 5000]
    assert plain[0]["value"][-1] == mvn_dask.estimate(x, Mean(), columns=0).value


def test_a_page_shows_them() -> None:
    x = sample(20_000)
    given = {"<b>mean</b>": convergence(x, Mean(), columns=0)}
    for url, array in (("memory://shown-sample", x), ("memory://shown-derived", x * 2)):
        mvn_dask.to_zarr(array, url)
        found = mvn_dask.report(url, convergences=given)
        text = found.html
        check(text)
        assert "Estimates, as rows are added" in text
        assert "<figcaption>&lt;b&gt;mean&lt;/b&gt;</figcaption>" in text
        assert found.as_dict()["convergences"][0]["name"] == "<b>mean</b>"
        assert "Estimates, as rows are added" not in mvn_dask.report(url).html
