import mvn_dask
from mvn_dask.reporting.report_data import ReportData


def test_it_is_what_a_report_knows() -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1), "memory://report-data")
    report = mvn_dask.report("memory://report-data")
    assert isinstance(report, ReportData)
    assert report.ok == all(verdict.ok for verdict in report.verdicts)
    assert report.begun == report.here, "made in this process"
    assert "estimates" not in repr(report)
