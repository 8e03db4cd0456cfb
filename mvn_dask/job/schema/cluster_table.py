"""The table ``[cluster]``: threads, processes or a Dask cluster, and their sizes."""

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Discriminator, Field, Secret, Tag

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.base import ByteCount, Faults, FilePath, Natural, Options, Positive, Table, Text
from mvn_dask.job.toml_format import preview

Queue = Literal["slurm", "pbs", "lsf", "sge", "htcondor", "oar", "moab"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
"""Kinds that dask-jobqueue implements."""

ALLOWED_KEYS: dict[str, set[str]] = {
    "threads": {"threads"},
    "processes": {"workers"},
    "local": {"workers", "threads", "memory", "adaptive", "tls", "options"},
    "scheduler": {"address", "scheduler_file", "tls"},
    **{queue: {"workers", "threads", "memory", "adaptive", "options"} for queue in QUEUES},
    "kubernetes": {"workers", "adaptive", "options"},
    "class": {"class", "workers", "adaptive", "options"},
}
"""Keys that each kind takes beside `kind`."""
_REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "scheduler": ("address", "scheduler_file"),
    **dict.fromkeys(QUEUES, ("workers", "adaptive")),
    "class": ("class",),
}
"""Keys of which a kind requires one."""

_KEYWORDS = {
    "workers": {"n_workers", "workers"},
    "threads": {"threads_per_worker", "nthreads", "cores"},
    "memory": {"memory_limit", "memory"},
}
"""Keyword arguments of cluster classes that duplicate a key."""

_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/@]+:\d{1,5}/?")
_CLASS = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        seen = "one with credentials" if "@" in text else preview(text)
        raise ArgumentError(f'must be an address such as "tcp://10.0.0.2:8786", not {seen}')
    return text


def _dotted(text: str) -> str:
    if not _CLASS.fullmatch(text):
        raise ArgumentError(
            f'must be a class and its module, such as "dask_jobqueue.SLURMCluster", not {preview(text)}'
        )
    return text


class AdaptiveTable(Table):
    """Bounds of an adaptive number of workers."""

    minimum: Natural = Field(default=0, description="workers at least")
    maximum: Positive = Field(description="workers at most", examples=[16])

    def contradictions(self) -> Faults:
        text = f"must not be more than the maximum of {self.maximum}, not {self.minimum}"
        return [("minimum", text)] if self.minimum > self.maximum else []


class TlsTable(Table):
    """Files in PEM format for a scheduler with TLS."""

    ca: FilePath = Field(description="certificate of the authority that signed the scheduler's", examples=["ca.pem"])
    cert: FilePath = Field(description="our certificate", examples=["cert.pem"])
    key: FilePath = Field(description="our private key", examples=["key.pem"])


def _tls_tag(value: object) -> str | None:
    if isinstance(value, bool):
        return "<bool>"
    return "<files>" if isinstance(value, (dict, TlsTable)) else None


Encryption = Annotated[
    Annotated[bool, Tag("<bool>")] | Annotated[TlsTable, Tag("<files>")],
    Discriminator(
        _tls_tag, custom_error_type="tls", custom_error_message="must be true, false, or a table of ca, cert and key"
    ),
]


class ClusterTable(Table):
    """Where the work runs."""

    kind: Literal["threads", "processes", "local", "scheduler", Queue, "kubernetes", "class"] = Field(
        default="threads",
        description='"threads" of this process, "processes" of this machine, "local" (a Dask cluster on this machine), '
        '"scheduler" (a Dask cluster that runs already), a queue of dask-jobqueue ("slurm", "pbs", "lsf", "sge", '
        '"htcondor", "oar", "moab"), "kubernetes", or "class"',
    )
    workers: Positive | None = Field(
        default=None, description="number of worker processes, or of jobs in a queue", examples=[4]
    )
    threads: Positive | None = Field(default=None, description="threads of a worker", examples=[1])
    memory: ByteCount | None = Field(default=None, description="memory limit of a worker", examples=["4 GiB"])
    adaptive: AdaptiveTable | None = Field(
        default=None,
        description="instead of workers: let their number follow the work",
        examples=[{"minimum": 0, "maximum": 16}],
    )
    address: Annotated[Text, AfterValidator(_address)] | None = Field(
        default=None, description='for kind "scheduler": its address', examples=["tcp://10.0.0.2:8786"]
    )
    scheduler_file: FilePath | None = Field(
        default=None,
        description='for kind "scheduler", instead of address: the file that the scheduler wrote; a relative path '
        "starts at the folder of the job file; ~ and ${NAME} are expanded",
        examples=["scheduler.json"],
    )
    tls: Encryption = Field(
        default=False,
        description='for kind "scheduler": files that its TLS requires, whose paths are read like scheduler_file; for '
        'kind "local": true makes temporary ones',
        examples=[{"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}],
    )
    class_: Annotated[Text, AfterValidator(_dotted)] | None = Field(
        default=None,
        alias="class",
        description='for kind "class": module and name of a cluster class of Dask',
        examples=["dask_cloudprovider.aws.FargateCluster"],
    )
    options: Options = Field(
        default=Secret({}),
        description="keyword arguments of the cluster class, as its documentation names them",
        examples=[{"queue": "short", "walltime": "02:00:00"}],
    )

    def contradictions(self) -> Faults:
        given = self.model_dump(by_alias=True, exclude_defaults=True).keys() - {"kind"}
        return self._unsuitable(given) or [*self._missing(given), *self._duplicate(given)]

    def _unsuitable(self, given: set[str]) -> Faults:
        allowed = ALLOWED_KEYS[self.kind]
        text = f'means nothing with kind = "{self.kind}", which takes {", ".join(sorted(allowed))}'
        faults = [(key, text) for key in sorted(given - allowed)]
        if self.kind == "scheduler" and self.tls is True:
            faults.append(("tls", 'must be a table of ca, cert and key with kind = "scheduler", not true'))
        if self.kind == "local" and isinstance(self.tls, TlsTable):
            faults.append(("tls", 'must be true or false with kind = "local", which makes its own files'))
        return faults

    def _missing(self, given: set[str]) -> Faults:
        wanted = _REQUIRED_KEYS.get(self.kind, ())
        if not wanted or given & set(wanted):
            return []
        return [(wanted[0], ", or ".join([f'is required with kind = "{self.kind}"', *wanted[1:]]))]

    def _duplicate(self, given: set[str]) -> Faults:
        pairs = [("scheduler_file", "address"), ("workers", "adaptive")]
        faults = [(a, f"must not be given beside {b}: it is one or the other") for a, b in pairs if {a, b} <= given]
        for key in sorted(given & _KEYWORDS.keys()):
            twice = sorted(_KEYWORDS[key] & self.options.get_secret_value().keys())
            faults += [(f"options.{keyword}", f"duplicates {key}: give one of them") for keyword in twice]
        return faults
