from pathlib import Path

import dask.config
import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.cluster_options import cluster_options
from mvn_dask.job.running import run
from mvn_dask.job.schema.cluster_table import QUEUES
from tests.support.jobs import job_in


@pytest.mark.parametrize("kind", QUEUES)
def test_what_a_queue_must_be_given(kind: str, tmp_path: Path) -> None:
    """By keys of the job file, by options of the class, or in dask's configuration."""
    needed = {"cores": "threads", "memory": "memory"} | ({"disk": "options.disk"} if kind == "htcondor" else {})
    table = {"kind": kind, "workers": 1}
    with pytest.raises(JobFileError) as caught:
        run(job_in(tmp_path, cluster=table))
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [f"cluster.{key}" for key in needed.values()]
    assert all(f'is required with kind = "{kind}"' in line for line in lines)
    assert not list(tmp_path.iterdir())
    given = {"memory": "1 GiB", "disk": "1 GB"} if kind == "htcondor" else {"memory": "1 GiB"}
    with dask.config.set({f"jobqueue.{kind}.cores": 1}):
        options = cluster_options(job_in(tmp_path, cluster={**table, "options": given}), given)
    assert options.items() >= given.items()
    assert options["processes"] == 1
    sizes = cluster_options(job_in(tmp_path, cluster={**table, "threads": 2, "memory": "1 GiB"}), {"disk": "1 GB"})
    assert (sizes["cores"], sizes["memory"]) == (2, 2**30)
