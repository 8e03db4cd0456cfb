"""What a report on a sample says beside what all reports do."""

import mvn_dask
from tests.reporting.samples import sample, sample_report


def test_a_report_on_a_sample() -> None:
    mvn_dask.to_zarr(sample(2000, chunks=500), "memory://sample-report")
    found = sample_report("memory://sample-report")
    assert found.compared_with == "sound samples"
    assert found.left_out == []
    assert {*found.common(), "sample", "variables", "correlations", "distances", "histograms"} <= found.as_dict().keys()
    assert found.page_values()["name"] == "sample-report"
    assert isinstance(found, mvn_dask.Report)
