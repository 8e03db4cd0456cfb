"""Who may import whom, as data. Imports inside functions and under TYPE_CHECKING count."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import mvn_dask

PACKAGE = Path(mvn_dask.__file__).parent

LEVELS = [
    {"advice", "escaping", "signatures"},
    {"errors", "_typing", "atomic", "environment", "hashing", "readable", "redaction"},
    {"dask_matrices", "display", "masks", "origin_attributes", "packing", "real_numbers", "typed_texts", "units"},
    {"array_likes", "checks", "kinds", "locations", "memory_limit", "slow_steps"},
    {"labels"},
    {"coordinates", "description"},
    {"event"},
    {"lineage"},
    {"random"},
    {"compiled"},
    {"covariance"},
    {"execution"},
    {"sampling"},
    {"plotting"},
    {"distribution"},
    {"generator"},
    {"store"},
    {"maintenance"},
    {"statistics"},
    {"estimation"},
    {"reporting", "plot"},
    {"job", "diagnosis"},
    {"cli"},
    {"__main__"},
]
"""Files and folders of the package, from the ground up: each imports from lower levels only."""

GROUND = set().union(*LEVELS[:8])
ALLOWED = {"execution": GROUND, "store": GROUND | {"execution"}, "statistics": GROUND | {"compiled", "execution"}}
"""What a folder may import at most, where that is less than its level allows: execution depends on no distribution
and no file format, the store on no distribution, statistics on neither."""

OUTSIDE = {
    "cloudpickle": {"execution"},
    "crc32c": {"store"},
    "dask": {
        "dask_matrices",
        "diagnosis",
        "distribution",
        "estimation",
        "execution",
        "generator",
        "job",
        "maintenance",
        "plot",
        "sampling",
        "store",
    },
    "distributed": {"execution", "job", "sampling"},
    "zarr": {"store", "job"},
    "fsspec": {"sampling"},
    "icechunk": {"store"},
    "jinja2": {"reporting"},
    "llvmlite": {"compiled"},
    "markupsafe": {"reporting"},
    "matplotlib": {"plot", "plotting"},
    "numba": {"compiled"},
    "obstore": {"store", "job"},
    "psutil": {"diagnosis", "sampling", "job", "memory_limit"},
    "pyarrow": {"job"},
    "pydantic": {"job"},
    "pymetis": {"covariance"},
    "rich": {"cli"},
    "scipy": {"covariance", "distribution", "job", "random", "reporting", "statistics"},
    "shellingham": {"cli"},
    "threadpoolctl": {"covariance"},
    "typer": {"cli"},
    "xarray": {"description", "distribution", "estimation", "store"},
}
"""Who may import a library. distribution and generator only name `dask.array.Array` and
xarray's DataArray as types."""


def unit(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def syntax_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports() -> set[tuple[str, str]]:
    """Pairs of a top-level file or folder and the module that it imports, whole."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.Import):
                found |= {(unit(path), alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: absolute imports only"
                assert node.module is not None
                if node.module == "mvn_dask":
                    found |= {(unit(path), f"mvn_dask.{alias.name}") for alias in node.names}
                else:
                    found.add((unit(path), node.module))
    return found


@cache
def imports_inside() -> set[tuple[str, str]]:
    """Pairs of top-level files and folders, of which the first imports the second."""
    return {
        (importer, module.split(".")[1])
        for importer, module in imports()
        if module.startswith("mvn_dask.") and importer != "__init__"
    }


LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def test_every_file_and_folder_has_its_level() -> None:
    assert {unit(path) for path in PACKAGE.rglob("*.py")} - {"__init__"} == LEVEL.keys()


def test_imports_run_downward() -> None:
    assert not {(a, b) for a, b in imports_inside() if a != b and LEVEL[b] >= LEVEL[a]}


def test_some_folders_import_even_less() -> None:
    for name, allowed in ALLOWED.items():
        assert {b for a, b in imports_inside() if a == name} <= allowed | {name}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_no_imports_form_a_circle() -> None:
    files = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    below: dict[str, set[str]] = {}
    for name, path in files.items():
        named = [node for node in ast.walk(syntax_tree(path)) if isinstance(node, ast.ImportFrom)]
        found = {f"{node.module}.{alias.name}" for node in named for alias in node.names}
        found |= {str(node.module) for node in named}
        # A package exports what its files hold.
        below[name] = set() if path.name == "__init__.py" else found & files.keys() - {name}
    assert list(TopologicalSorter(below).static_order()), "raises CycleError"


def test_libraries_are_imported_where_they_may_be() -> None:
    found = imports()
    for library, allowed in OUTSIDE.items():
        users = {importer for importer, module in found if module.split(".")[0] == library}
        assert users == allowed, library


def test_files_and_functions_stay_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 300, path
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= 40, f"{path}: {node.name}"


def test_every_file_has_a_test_of_its_name() -> None:
    tests = Path(__file__).parent
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE)
        if relative.name not in {"__init__.py", "__main__.py", "_typing.py", "base.py"}:
            assert (tests / relative.parent / f"test_{relative.name}").exists(), relative
