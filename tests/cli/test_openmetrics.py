"""What is printed for those who scrape, read by Prometheus' own parsers."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import parser as older_format
from prometheus_client.openmetrics import parser

from mvn_dask.cli.openmetrics import openmetrics
from mvn_dask.escaping import printable
from mvn_dask.store.part_progress import PartProgress
from mvn_dask.store.status import Status
from tests.support.command import Site
from tests.support.statuses import HALF, status_of

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str, reader: Any = parser) -> Samples:
    """Values by names and labels beside the store's."""
    families = list(reader.text_string_to_metric_families(text))
    assert {family.type for family in families} == {"gauge"}
    found = [sample for family in families for sample in family.samples]
    assert all(family.documentation.endswith(".") for family in families)
    return {
        (each.name, frozenset((key, value) for key, value in each.labels.items() if key != "store")): each.value
        for each in found
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"mvn_dask_{name}", frozenset(labels.items())]


@pytest.mark.parametrize("reader", [parser, older_format])
def test_every_number(reader: Any) -> None:
    status = replace(HALF, writers=2, changed=("zarr.json",))
    found = samples(openmetrics(status) + "\n", reader)
    assert (value(found, "chunks", state="done"), value(found, "chunks", state="missing")) == (2, 2)
    assert (value(found, "rows", state="done"), value(found, "rows", state="missing")) == (2000, 2000)
    names = ("stored_bytes", "complete", "committed", "changed_documents", "writers", "rate_bytes_per_second")
    assert [value(found, name) for name in names] == [2**21, 0, 0, 1, 2, 2**20]
    assert (value(found, "left_seconds"), value(found, "last_written_timestamp_seconds")) == (2, 1e9)
    assert len(found) == 12


def test_what_is_not_known_is_left_out() -> None:
    found = samples(openmetrics(status_of(0, 4)) + "\n")
    assert {name for name, _ in found} == {
        f"mvn_dask_{name}" for name in ("chunks", "rows", "stored_bytes", "complete", "committed", "changed_documents")
    }


@pytest.mark.parametrize("reader", [parser, older_format])
def test_parts(reader: Any) -> None:
    status = replace(HALF, parts=(PartProgress((0, 2), 2, 0, 1e9), PartProgress((1, 2), 0, 2, None)))
    found = samples(openmetrics(status) + "\n", reader)
    counts = [value(found, "part_chunks", part=f"{i}/2", state=state) for i in (0, 1) for state in ("done", "missing")]
    assert counts == [2, 0, 0, 2]
    assert value(found, "part_last_written_timestamp_seconds", part="0/2") == 1e9
    assert len(found) == 16


def test_units_are_those_of_the_names() -> None:
    families = {each.name: each.unit for each in parser.text_string_to_metric_families(openmetrics(HALF) + "\n")}
    assert {name: unit for name, unit in families.items() if unit} == {
        "mvn_dask_stored_bytes": "bytes",
        "mvn_dask_rate_bytes_per_second": "bytes_per_second",
        "mvn_dask_left_seconds": "seconds",
        "mvn_dask_last_written_timestamp_seconds": "seconds",
    }


@given(st.text(), st.none() | st.tuples(st.integers(0, 5), st.integers(6, 9)))
@settings(max_examples=50)
def test_any_name_of_a_store_comes_back(url: str, part: tuple[int, int] | None) -> None:
    status: Status = replace(HALF, url=url, part=part)
    for family in parser.text_string_to_metric_families(openmetrics(status) + "\n"):
        for sample in family.samples:
            assert sample.labels["store"] == printable(url)
            assert sample.labels.get("part") == (None if part is None else f"{part[0]}/{part[1]}")


def test_the_command_prints_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run("run", "--quiet", "--part", "0/4") == 0
    capsys.readouterr()
    assert site.run("status", "--format", "openmetrics") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("\n# EOF\n")
    found = samples(out)
    assert (value(found, "chunks", state="done"), value(found, "rows", state="missing")) == (4, 12_000)
