"""What `make test` imports comes with the extra `test`: other lanes install further ones beside it, or later."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def installed_by(extra: str) -> set[str]:
    """Distributions that pip installs for an extra of this project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    found, left = set[tuple[str, str]](), [("mvn-dask", ""), ("mvn-dask", extra)]
    while left:
        name, of = each = left.pop()
        if each in found:
            continue
        found.add(each)
        try:
            own = name == "mvn-dask"
            texts = (extras[of] if of else project["dependencies"]) if own else distribution(name).requires or ()
        except PackageNotFoundError:  # what only another machine needs
            continue
        for requirement in map(Requirement, texts):
            if requirement.marker is None or requirement.marker.evaluate({"extra": of}):
                left += [(canonicalize_name(requirement.name), further) for further in ("", *requirement.extras)]
    return {name for name, _ in found}


def imported_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Modules that a file imports when it is imported itself, so not in functions or for type checkers alone."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imported_at_once(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "handlers", "finalbody"):
                yield from imported_at_once(getattr(node, field, []))


@cache
def imports_of(path: Path) -> frozenset[str]:
    return frozenset(imported_at_once(ast.parse(path.read_text(encoding="utf-8")).body))


def libraries_of(path: Path) -> set[str]:
    """Libraries that importing a file needs, through others of this repository; the package has what it needs."""
    found, left, seen = set[str](), [path], set[Path]()
    while left:
        each = left.pop()
        seen.add(each)
        for module in imports_of(each):
            file = ROOT.joinpath(*module.split("."))
            left += [below for below in (file.with_suffix(".py"), file / "__init__.py") if below.exists()]
            if not (ROOT / module.split(".")[0]).is_dir():
                found.add(module.split(".")[0])
        left = [file for file in left if file not in seen and (ROOT / "mvn_dask") not in file.parents]
    return found


def test_every_test_is_imported_with_the_extra_test() -> None:
    allowed, distributions = installed_by("test"), packages_distributions()
    names = {name for name, owners in distributions.items() if allowed & {canonicalize_name(owner) for owner in owners}}
    assert {"pytest", "numpy", "moto"} <= names
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests").rglob("*.py")
        for name in libraries_of(path) - names - sys.stdlib_module_names
    }
    assert not foreign
