"""Hypothesis strategies for TOML values and whole jobs."""

from typing import Any

from hypothesis import strategies as st

from mvn_dask.job.schema.cluster_table import QUEUES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# Neither the home of a user nor an environment variable, which may not be there.
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and not text.startswith("~") and "${" not in text
)
PATHS = NAMES.filter(lambda text: ":" not in text)
"""Paths, and no URLs."""
FLOATS = st.floats(allow_nan=False)
COUNTS = st.integers(1, 10**18)
FILES = PATHS | st.fixed_dictionaries({"path": PATHS}, optional={"key": NAMES})
VECTORS = st.lists(FLOATS, min_size=1, max_size=3)
MATRICES = st.lists(VECTORS, min_size=1, max_size=3)
SEEDS = st.integers(0, 2**256) | st.lists(st.integers(0, 2**64), min_size=1, max_size=3)
OPTIONS = st.dictionaries(NAMES, VALUES, max_size=3)
ARRAYS = FLOATS | VECTORS | MATRICES | FILES


def _table(kind: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"kind": st.just(kind), **required}, optional=optional or {})


FUNCTIONS = (
    st.just("module.inner:name")
    | st.fixed_dictionaries({"name": st.just("matern"), "length": FLOATS, "nu": FLOATS}, optional={"variance": FLOATS})
    | st.fixed_dictionaries({"name": st.just("spherical"), "range": FLOATS})
)
LENGTHS = COUNTS | st.lists(COUNTS, min_size=1, max_size=3)
STRUCTURES = st.recursive(
    _table("dense", {"matrix": ARRAYS}, {"tol": FLOATS, "names": st.lists(NAMES, min_size=1, max_size=2)})
    | _table("low-rank", {"loadings": ARRAYS, "variances": ARRAYS})
    | _table("banded", {"bands": ARRAYS}, {"lower": st.booleans()})
    | _table("sparse", {"matrix": FILES}, {"ordering": st.just("natural")})
    | _table("stationary-grid", {"function": FUNCTIONS, "shape": LENGTHS}, {"padding": LENGTHS, "spacing": FLOATS}),
    lambda inner: (
        _table("kronecker", {"members": st.lists(inner | ARRAYS, min_size=1, max_size=3)})
        | _table("scaled", {"covariance": inner | ARRAYS, "std": ARRAYS})
        | _table("precision", {"precision": inner | ARRAYS})
    ),
    max_leaves=5,
)
COVARIANCES = st.fixed_dictionaries({"cov": ARRAYS | STRUCTURES}) | st.fixed_dictionaries(
    {"correlation": MATRICES | FILES, "standard_deviations": FLOATS | VECTORS | FILES}
)
WORKERS = st.fixed_dictionaries({"workers": COUNTS}) | st.fixed_dictionaries(
    {"adaptive": st.fixed_dictionaries({"minimum": st.just(0), "maximum": COUNTS})}
)
CLUSTERS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("threads")}, optional={"threads": COUNTS}),
    st.fixed_dictionaries({"kind": st.just("local")}, optional={"tls": st.booleans(), "memory": COUNTS}),
    st.fixed_dictionaries({"kind": st.just("scheduler"), "scheduler_file": PATHS}),
    st.fixed_dictionaries(
        {
            "kind": st.just("scheduler"),
            "address": st.just("tls://10.0.0.2:8786"),
            "tls": st.fixed_dictionaries({"ca": PATHS, "cert": PATHS, "key": PATHS}),
        }
    ),
    st.builds(lambda kind, workers: {"kind": kind, **workers}, st.sampled_from(QUEUES), WORKERS),
    st.fixed_dictionaries({"kind": st.just("class"), "class": st.just("a.B"), "options": OPTIONS}),
)
DISTRIBUTIONS = st.builds(
    lambda mean, cov, rest: {"mean": mean, **cov, **rest},
    FLOATS | VECTORS | FILES,
    COVARIANCES,
    st.fixed_dictionaries({}, optional={"method": st.sampled_from(["svd", "eigh", "cholesky"]), "tol": st.just(0.5)}),
)
SAMPLES = st.fixed_dictionaries(
    {"size": st.integers(0, 10**18) | st.lists(st.integers(0, 10**9), min_size=1, max_size=3), "seed": SEEDS},
    optional={"dtype": st.just("float32"), "chunks": COUNTS | st.just("64 MiB"), "bit_generator": st.just("Philox")},
)
OUTPUTS = st.fixed_dictionaries({"url": PATHS}, optional={"shards": COUNTS, "overwrite": st.booleans()}) | (
    st.fixed_dictionaries({"url": st.just("s3://bucket/x"), "storage_options": OPTIONS})
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ESTIMATES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"statistic": st.just("mean")}, optional={"column": NAMES | COUNTS, "name": NAMES}),
        st.fixed_dictionaries(
            {"statistic": st.just("quantile"), "q": st.just(0.5) | st.just([0.5, 0.9])},
            optional={
                "combination": st.lists(FINITE, min_size=1, max_size=3) | st.dictionaries(NAMES, FINITE, min_size=1)
            },
        ),
        st.fixed_dictionaries(
            {"statistic": st.just("probability"), "event": st.just("> 3") | st.just("module:name")},
            optional={"function": st.just("module.inner:name")},
        ),
        st.fixed_dictionaries({"statistic": st.just("histogram"), "bins": COUNTS | st.just([0.0, 1.5])}),
    ),
    max_size=3,
)
MAPPINGS = st.fixed_dictionaries(
    {"version": st.just(1), "distribution": DISTRIBUTIONS, "sample": SAMPLES, "output": OUTPUTS},
    optional={"cluster": CLUSTERS, "estimate": ESTIMATES},
)
