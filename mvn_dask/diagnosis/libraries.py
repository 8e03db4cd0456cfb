"""Libraries: whether each is there, of a version that will do, and can be imported.

Input: what the package's metadata require. Output: a finding for each library, and one for each extra. Cost: importing
all libraries that the package needs, some seconds.
"""

import platform
from collections.abc import Iterator
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING

from mvn_dask.diagnosis.base import Finding, Grade
from mvn_dask.diagnosis.import_faults import PACKAGE, import_fault

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FOR_DEVELOPERS = {"bench", "dev", "docs", "examples", "package", "test"}
"""Extras that nobody needs who uses the package."""


def python_and_package() -> Iterator[Finding]:
    """Versions of Python and of this package."""
    wanted = metadata.metadata(PACKAGE)["Requires-Python"]
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}"
    if _satisfies(platform.python_version(), wanted):
        yield Finding("python", "ok", found)
    else:
        yield Finding("python", "fault", f"{found}, not {wanted}", f"an environment with Python {wanted}")
    yield Finding(PACKAGE, "ok", metadata.version(PACKAGE))


def libraries() -> Iterator[Finding]:
    """What the package requires: numpy, dask, zarr, …."""
    for each in _requirements():
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield _library(each)


def extras() -> Iterator[Finding]:
    """Which extras are installed."""
    for extra in sorted(set(metadata.metadata(PACKAGE).get_all("Provides-Extra") or []) - FOR_DEVELOPERS):
        wanted = [each for each in _requirements() if _belongs(each, extra)]
        missing = [each for each in wanted if _version(each.name) is None]
        old = [each for each in wanted if (found := _version(each.name)) and not each.specifier.contains(found, True)]
        command = f"pip install '{PACKAGE}[{extra}]'"
        if missing:
            yield Finding(f"[{extra}]", "absent", f"without {', '.join(each.name for each in missing)}", command)
        elif old:
            yield Finding(f"[{extra}]", "warning", f"too old: {', '.join(_named(each) for each in old)}", command)
        else:
            yield Finding(f"[{extra}]", "ok", ", ".join(f"{each.name} {_version(each.name)}" for each in wanted))


def _library(requirement: "Requirement") -> Finding:
    name, found = requirement.name, _version(requirement.name)
    install = f"pip install '{name}{requirement.specifier}'"
    # Without numba everything is drawn by numpy, with the same bits.
    grade: Grade = "warning" if name == "numba" else "fault"
    if found is None:
        return Finding(name, grade, "not installed", install)
    if not requirement.specifier.contains(found, prereleases=True):
        return Finding(name, grade, _named(requirement), install)
    try:
        import_module(name)
    except Exception as error:  # noqa: BLE001 libraries that do not fit together raise anything
        reason, cure = import_fault(error)
        again = f"pip install --force-reinstall '{name}'"
        return Finding(name, grade, f"{found} cannot be imported: {reason}", cure or again)
    return Finding(name, "ok", found)


def _named(requirement: "Requirement") -> str:
    return f"{requirement.name} {_version(requirement.name)}, not {requirement.specifier}"


@cache
def _requirements() -> "list[Requirement]":
    from packaging.requirements import Requirement

    return sorted(map(Requirement, metadata.requires(PACKAGE) or []), key=lambda each: each.name)


def _belongs(requirement: "Requirement", extra: str) -> bool:
    """Whether a requirement is one of an extra, and not of the package itself."""
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _satisfies(version: str, wanted: str | None) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted or "").contains(version, prereleases=True)
