import re
import tomllib

from mvn_dask.job.inputs.distribution_inputs import distribution_of
from mvn_dask.job.job import Job
from mvn_dask.job.keys import known_keys
from mvn_dask.job.schema.cluster_table import ALLOWED_KEYS
from mvn_dask.job.schema.estimate_table import ARGUMENTS
from mvn_dask.job.template import job_template
from tests.support.jobs import job, mapping

OTHERS: dict[str, dict[str, object]] = {
    "t": {"location": 0.0, "shape": [1.0, 2.0], "df": 5},
    "gaussian-copula": {"correlation": [[1.0]], "marginals": {"name": "norm"}},
}
"""Keys that kinds other than the normal distribution require."""
KINDS = {"location": "t", "shape": "t", "df": "t", "marginals": "gaussian-copula", "exact": "gaussian-copula"}


def alternatives() -> list[tuple[str, str]]:
    """What stands behind a number sign alone, with its table."""
    found, table = [], ""
    for line in job_template().splitlines():
        if line.startswith(("[", "#[")):
            table = line.partition("]")[0].lstrip("#[")
        elif line.startswith("#") and not line.startswith(("# ", "#  ")) and line != "#":
            found.append((table, line.removeprefix("#")))
    return found


def test_it_runs_as_it_is() -> None:
    read = Job.from_mapping(tomllib.loads(job_template()))
    assert (read.sample.size, read.sample.seed) == (1_000_000, 42)
    assert distribution_of(read).ndim == 2
    assert read.cluster.kind == "threads"


def test_every_key_is_in_it_with_its_description() -> None:
    text = job_template()
    words = " ".join(re.sub(r"^# *", "", text, flags=re.MULTILINE).split())
    for key, field in known_keys().items():
        assert field.description is not None
        assert " ".join(field.description.split()) in words
        assert re.search(rf"^#?\[{{0,2}}{key[-1]}( =|\])|{{.*\b{key[-1]} = ", text, re.MULTILINE), key


def test_lines_are_not_long() -> None:
    assert max(map(len, job_template().splitlines())) <= 110
    assert "\n\n\n" not in job_template()


def test_every_alternative_can_be_taken() -> None:
    for table, line in alternatives():
        values = tomllib.loads(line)
        (key,) = values
        if table == "estimate":
            statistic = next((kind for kind, keys in ARGUMENTS.items() if key in keys), "mean")
            (taken,) = Job.from_mapping({**mapping(), table: [{"statistic": statistic, **values}]}).estimates
            assert getattr(taken, key) is not None
            continue
        beside: dict[str, object] = {}
        if table == "cluster":
            beside = {
                "kind": "scheduler"
                if key == "tls"
                else next(kind for kind, keys in ALLOWED_KEYS.items() if key in keys)
            }
            beside |= {"address": "tcp://10.0.0.2:1"} if beside["kind"] == "scheduler" and key != "address" else {}
            if key == "scheduler_file":
                del beside["address"]
        if key in {"points", "replicate"}:
            beside = {"size": 1024} if key == "points" else {"size": 1024, "points": "sobol"}
        if key == "data":
            beside = {"mean": None, "cov": None}
        if table == "distribution" and key in {"correlation", "standard_deviations"}:
            beside = {"cov": None, "correlation": 1.0, "standard_deviations": 1.0}
        if table == "distribution" and (kind := values.get("kind", KINDS.get(key, "normal"))) != "normal":
            beside = {"mean": None, "cov": None, "kind": kind, **OTHERS[kind]}
        if key == "storage_options":
            beside = {"mean" if table == "distribution" else "url": "s3://bucket/x"}
        found = getattr(job(**{table: {**beside, **values}}), table)
        assert getattr(found, "class_" if key == "class" else key) is not None
