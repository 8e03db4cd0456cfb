import numpy as np

import mvn_dask
from mvn_dask.reporting.judging import ERROR_RATE, judge
from mvn_dask.reporting.sections import LISTED, figures, worst
from tests.reporting.planting import Block, look, sample


def titles(size: object, d: int = 4) -> list[str]:
    normal = mvn_dask.MultivariateNormal(np.zeros(d), np.eye(d) + 0.2 if d > 1 else 1.0)
    findings = look(normal.sample(size, seed=1))
    text = figures(findings, judge(findings), ERROR_RATE)
    return [part.partition('"')[0] for part in text.split('<h2 id="')[1:]]


def test_every_part_is_there_where_it_can_be() -> None:
    assert titles(4000) == ["margins", "distances", "correlations", "along", "worst"]
    assert titles(4000, 1) == ["margins", "distances", "along", "worst"]
    assert titles(20) == ["margins", "distances", "correlations", "worst"]
    assert titles(()) == ["margins"]
    assert titles(0) == []


def test_the_table_begins_with_the_worst() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, 3] += 1.0
        numbers[:, 1] *= 3.0
        return numbers

    assert set(worst(look(sample(), change))[:2]) == {1, 3}
    many = look(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(1000, seed=1))
    assert len(worst(many)) == LISTED


def test_names_are_escaped() -> None:
    import pandas as pd

    names = ["<script>alert(1)</script>", "a & b"]
    cov = pd.DataFrame(np.eye(2), names, names)
    findings = look(mvn_dask.MultivariateNormal([0.0, 0.0], cov).sample(4000, seed=1))
    text = figures(findings, judge(findings), ERROR_RATE)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "a & b" not in text
