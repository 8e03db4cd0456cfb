"""The one mechanism by which records name classes, in each family that has it."""

import pytest

from mvn_dask.covariance import Factor
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.errors import ArgumentError
from mvn_dask.kinds import Registered
from mvn_dask.sampling.sampler import Sampler
from tests.toys.selection import SelectionFactor


@pytest.mark.parametrize(
    ("family", "cls", "word"), [(Factor, SelectionFactor, "factor"), (Sampler, NormalSampler, "distribution")]
)
def test_a_kind_names_one_class(family: type[Registered], cls: type[Registered], word: str) -> None:
    assert family.of_kind(cls.kind) is cls
    with pytest.raises(ArgumentError, match=rf"the kind '{cls.kind}' of Another is taken by {cls.__name__}"):
        type("Another", (cls,), {"kind": cls.kind})
    assert family.of_kind(cls.kind) is cls
    for unknown in ("unheard of", None, 3, ["scale"]):
        with pytest.raises(ArgumentError, match=rf"no {word} of kind .* is defined \(there are .*{cls.kind}"):
            family.of_kind(unknown)


def test_a_module_that_is_loaded_again_defines_its_classes_again() -> None:
    again = type("SelectionFactor", (SelectionFactor,), {"kind": "selection", "__module__": SelectionFactor.__module__})
    assert Factor.of_kind("selection") is again
    Factor.kinds["selection"] = SelectionFactor


def test_families_and_classes_without_a_kind_have_no_entry() -> None:
    assert Factor.kinds is not Sampler.kinds
    type("Abstract", (SelectionFactor,), {})
    assert Factor.of_kind("selection") is SelectionFactor
