"""A status as OpenMetrics text, for those who scrape.

Input: a `Status`. Output: text of OpenMetrics 1.0, which ends with ``# EOF``. All metrics are gauges, since a store
that is replaced begins anew, and so the text is one of Prometheus' older format 0.0.4 as well, which its textfile
collector reads.

Reference: https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mvn_dask.escaping import printable

if TYPE_CHECKING:
    from mvn_dask.store.status import Status


@dataclass(frozen=True)
class Metric:
    """A gauge, and its samples."""

    name: str
    """Its name, which ends with its unit."""
    help: str
    """What it is."""
    samples: tuple[tuple[dict[str, str], float | int | None], ...]
    """Labels and value of each; those of which nothing is known, None, are left out."""
    unit: str = ""
    """Its unit, if it has one."""

    def lines(self, shared: dict[str, str]) -> Iterator[str]:
        """Its metadata and its samples, with the labels that all metrics share; nothing where nothing is known."""
        known = [(labels, value) for labels, value in self.samples if value is not None]
        if known:
            yield f"# TYPE {self.name} gauge"
            if self.unit:
                yield f"# UNIT {self.name} {self.unit}"
            yield f"# HELP {self.name} {_escaped(self.help)}"
        for labels, value in known:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**shared, **labels}.items())
            yield f"{self.name}{{{pairs}}} {value!r}"


def openmetrics(status: "Status") -> str:
    r"""A status as OpenMetrics, without the newline after its last line.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://openmetrics")
    >>> print("\n".join(openmetrics(mvn_dask.status("memory://openmetrics")).splitlines()[:4]))
    # TYPE mvn_dask_chunks gauge
    # HELP mvn_dask_chunks Chunks that are there, and those that are missing.
    mvn_dask_chunks{store="memory://openmetrics",state="done"} 4
    mvn_dask_chunks{store="memory://openmetrics",state="missing"} 0
    """
    shared = {"store": status.url}
    if status.part is not None:
        shared["part"] = f"{status.part[0]}/{status.part[1]}"
    return "\n".join([*(line for metric in _metrics(status) for line in metric.lines(shared)), "# EOF"])


def _metrics(status: "Status") -> Iterator[Metric]:
    done, missing = {"state": "done"}, {"state": "missing"}
    yield Metric(
        "mvn_dask_chunks",
        "Chunks that are there, and those that are missing.",
        ((done, status.done), (missing, status.missing)),
    )
    yield Metric(
        "mvn_dask_rows",
        "Rows whose numbers are there, and those that are missing.",
        ((done, status.done_rows), (missing, status.rows - status.done_rows)),
    )
    yield Metric("mvn_dask_stored_bytes", "Size of the chunks that are there.", (({}, status.bytes),), "bytes")
    yield Metric(
        "mvn_dask_complete",
        "1 if nothing is left to do, in the store or in the part, else 0.",
        (({}, int(status.complete)),),
    )
    yield Metric(
        "mvn_dask_committed",
        "1 if the metadata, which are written last, are there, so that readers can open the store, else 0.",
        (({}, int(status.committed)),),
    )
    yield Metric(
        "mvn_dask_changed_documents",
        "Metadata documents that others changed since they were written.",
        (({}, len(status.changed)),),
    )
    yield from _activity(status)
    yield from _parts(status)


def _activity(status: "Status") -> Iterator[Metric]:
    yield Metric(
        "mvn_dask_writers",
        "Processes of this machine at work on a folder, or jobs at work on a bucket.",
        (({}, status.writers),),
    )
    yield Metric(
        "mvn_dask_rate_bytes_per_second",
        "Bytes a second over the last minute in which chunks were written.",
        (({}, status.rate),),
        "bytes_per_second",
    )
    yield Metric(
        "mvn_dask_left_seconds",
        "Time until the missing chunks are written, at that rate.",
        (({}, status.seconds_left),),
        "seconds",
    )
    yield Metric(
        "mvn_dask_last_written_timestamp_seconds",
        "When the newest chunk was written, since 1970, by the clock of the storage.",
        (({}, status.last_written),),
        "seconds",
    )


def _parts(status: "Status") -> Iterator[Metric]:
    names = [{"part": f"{each.part[0]}/{each.part[1]}"} for each in status.parts]
    counts = (
        (name | {"state": state}, count)
        for name, each in zip(names, status.parts, strict=True)
        for state, count in (("done", each.done), ("missing", each.missing))
    )
    yield Metric(
        "mvn_dask_part_chunks", "Chunks of each part that are there, and those that are missing.", tuple(counts)
    )
    yield Metric(
        "mvn_dask_part_last_written_timestamp_seconds",
        "When the newest chunk of each part was written, since 1970, by the clock of the storage.",
        tuple((name, each.last_written) for name, each in zip(names, status.parts, strict=True)),
        "seconds",
    )


def _escaped(text: str) -> str:
    r"""A text of a label or of a help, in one line, whatever characters are in it.

    Examples
    --------
    >>> print(_escaped('C:\\a "b"'), _escaped("one\ntwo\x1b"))
    C:\\a \"b\" one\\ntwo\\x1b
    """
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
