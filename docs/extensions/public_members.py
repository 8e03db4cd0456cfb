"""Which attributes and methods the page of a class shows.

Input: the full name of a class. Output: the members that this package defines and documents, less those of the contract
that the class fulfils, such as `Covariance`, which has a page of its own. Members of other libraries' bases are left
out.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CONTRACTS = (
    "mvn_dask.covariance.Covariance",
    "mvn_dask.covariance.Factor",
    "mvn_dask.statistics.Statistic",
    "mvn_dask.statistics.results.Result",
)
"""Classes whose members stand on their own pages alone."""
INTERNAL = {
    "mvn_dask.MultivariateNormal": {"event", "sampler", "spec"},
    "mvn_dask.MultivariateT": {"event", "sampler", "spec"},
    "mvn_dask.GaussianCopula": {"event", "families", "sampler", "spec", "tables"},
    "mvn_dask.Job": {"contradictions", "label", "locate", "model_config", "model_post_init", "place", "secrets"},
    "mvn_dask.Report": {"common", "compared_with", "name", "page_values", "table", "tabled_what"},
    "mvn_dask.Status": {"writers_text"},
    "mvn_dask.covariance.Banded": {"check_memory"},
    "mvn_dask.covariance.Circulant": {"embedding"},
    "mvn_dask.covariance.CirculantFactor": {"covariances_between", "of_roots", "transform"},
    "mvn_dask.covariance.Covariance": {"axes", "described", "event", "label_axes", "with_axes"},
    "mvn_dask.covariance.Factor": {"family", "kinds", "of_kind"},
    "mvn_dask.covariance.Sparse": {"matrix"},
    "mvn_dask.covariance.StationaryGrid": {"embedding"},
    "mvn_dask.covariance.Toeplitz": {"embedding"},
    "mvn_dask.covariance.conditioned_grid.ConditionedGrid": {"observed", "weights"},
    "mvn_dask.statistics.Histogram": {"further_arrays", "prepared"},
    "mvn_dask.statistics.results.Estimate": {"basis", "lines", "percent"},
    "mvn_dask.statistics.results.Result": {"described", "squeezed", "warned"},
}
"""Members that other parts of the package call, and neither users nor those who write a class of a family."""


@dataclass(frozen=True)
class Members:
    """What the page of a class shows beside its docstring."""

    attributes: list[str]
    """Fields and properties, in the order of their definition."""
    methods: list[str]
    """Methods, in the order of their definition."""
    contract: str | None
    """The class whose members it has as well, if those stand elsewhere."""


def object_of(full_name: str) -> Any:
    """The object of a dotted name.

    >>> object_of("mvn_dask.covariance.Dense").__name__
    'Dense'
    """
    module, _, name = full_name.rpartition(".")
    return getattr(import_module(module), name)


def contract_of(kind: type) -> str | None:
    """The contract that a class fulfils, unless it is one.

    >>> contract_of(object_of("mvn_dask.covariance.Dense"))
    'mvn_dask.covariance.Covariance'
    """
    return next((each for each in CONTRACTS if object_of(each) in kind.__mro__[1:]), None)


def _documented_names(kind: type) -> list[str]:
    """Public names that a class itself defines, with a docstring."""
    from sphinx.pycode import ModuleAnalyzer

    fields = ModuleAnalyzer.for_module(kind.__module__).find_attr_docs()
    names = [name for (owner, name) in fields if owner == kind.__qualname__]
    names += [name for name, value in vars(kind).items() if name not in names and inspect.getdoc(value)]
    return [name for name in names if not name.startswith("_")]


def members_of(full_name: str) -> Members:
    """Attributes and methods of a class, in the order in which it and its bases define them."""
    kind = object_of(full_name)
    contract = contract_of(kind)
    inherited = set(dir(object_of(contract))) if contract else set[str]()
    names: dict[str, None] = {}
    for each in kind.__mro__:
        if each.__module__.startswith("mvn_dask"):
            names.update(dict.fromkeys(_documented_names(each)))
    hidden = set[str]().union(*(names for owner, names in INTERNAL.items() if object_of(owner) in kind.__mro__))
    shown = [name for name in names if name not in inherited | hidden]
    if contract == "mvn_dask.statistics.Statistic":  # `estimate` calls their methods, and nobody else
        shown = [name for name in shown if name in getattr(kind, "__dataclass_fields__", {})]
    methods = [name for name in shown if callable(getattr(kind, name, None))]
    return Members([name for name in shown if name not in methods], methods, contract)


@dataclass(frozen=True)
class MembersOf:
    """`members_of` for templates.

    Sphinx keeps what it read of pages only while its settings are equal to the last build's, and a function has no
    place in what it compares. Two of these are equal.
    """

    def __call__(self, full_name: str) -> Members:
        """Attributes and methods of a class."""
        return members_of(full_name)


def setup(app: "Sphinx") -> dict[str, bool]:
    """Let templates call `members_of`."""
    app.config.autosummary_context = {"members_of": MembersOf()}
    return {"parallel_read_safe": True, "parallel_write_safe": True}
