"""Who may import whom, as data. Imports inside functions and under TYPE_CHECKING count."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import mvn_dask

PACKAGE = Path(mvn_dask.__file__).parent

FLOORS = [
    {"errors", "atomic", "blas", "provenance", "sfc64"},
    {"checks", "streams"},
    {"plan", "covariance"},
    {"compiled"},
    {"kernel", "broadcast"},
    {"cluster"},
    {"chunking"},
    {"draft"},
    {"sampling"},
    {"distribution"},
    {"generator", "redrawing"},
]
"""The sampler, from the ground up: a room imports from lower floors only."""

STORE = {"errors", "atomic", "provenance", "store"}
"""All that the store may import of the package: it knows no distribution."""

ROOF = [{"recovery"}, {"upkeep"}, {"reporting"}, {"job"}, {"cli"}, {"__main__"}]
"""Where sampler and store meet, from lower to higher."""

OUTSIDE = {
    "cloudpickle": {"store"},
    "dask": {"cluster", "chunking", "sampling", "distribution", "generator", "redrawing", "store", "upkeep", "job"},
    "distributed": {"cluster", "store", "job"},
    "zarr": {"store", "job"},
    "fsspec": {"broadcast"},
    "google_crc32c": {"store"},
    "llvmlite": {"compiled"},
    "numba": {"compiled"},
    "obstore": {"store", "job"},
    "psutil": {"broadcast", "cluster", "job"},
    "pyarrow": {"job"},
    "pydantic": {"job"},
    "rich": {"cli"},
    "scipy": {"covariance", "reporting"},
    "threadpoolctl": {"blas"},
    "typer": {"cli"},
    "xarray": {"store"},
}
"""Who may import a library. distribution, generator, redrawing and upkeep only name `dask.array.Array` as a type."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports() -> set[tuple[str, str]]:
    """Pairs of a room and the module it imports, whole."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {(room(path), alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: absolute imports only"
                assert node.module is not None
                if node.module == "mvn_dask":
                    found |= {(room(path), f"mvn_dask.{alias.name}") for alias in node.names}
                else:
                    found.add((room(path), node.module))
    return found


INSIDE = {
    (importer, module.split(".")[1])
    for importer, module in imports()
    if module.startswith("mvn_dask.") and importer != "__init__"
}
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
UPSTAIRS = {name: floor for floor, names in enumerate(ROOF) for name in names}


def test_every_room_has_its_floor() -> None:
    rooms = {room(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms == FLOOR.keys() | {"store"} | UPSTAIRS.keys()


def test_imports_run_downward() -> None:
    up = {(a, b) for a, b in INSIDE if a != b and a in FLOOR and FLOOR.get(b, len(FLOORS)) >= FLOOR[a]}
    up |= {(a, b) for a, b in INSIDE if a != b and a in UPSTAIRS and UPSTAIRS.get(b, -1) >= UPSTAIRS[a]}
    assert not up


def test_the_store_knows_no_distribution() -> None:
    assert {b for a, b in INSIDE if a == "store"} <= STORE
    assert not {a for a, b in INSIDE if b == "store"} - {"store"} - UPSTAIRS.keys()
    assert not {b for a, b in INSIDE if a not in UPSTAIRS} & UPSTAIRS.keys()


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_no_file_stands_on_one_that_stands_on_it() -> None:
    files = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    below: dict[str, set[str]] = {}
    for name, path in files.items():
        named = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        found = {f"{node.module}.{alias.name}" for node in named for alias in node.names}
        found |= {str(node.module) for node in named}
        # The face of a room shows what is in it.
        below[name] = set() if path.name == "__init__.py" else found & files.keys() - {name}
    assert list(TopologicalSorter(below).static_order()), "raises CycleError"


def test_libraries_enter_by_one_door() -> None:
    for library, allowed in OUTSIDE.items():
        users = {importer for importer, module in imports() if module.split(".")[0] == library}
        assert users == allowed, library


def test_files_and_functions_stay_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= 40, f"{path}: {node.name}"


def test_every_file_has_a_test_of_its_name() -> None:
    tests = Path(__file__).parent
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE)
        if relative.name not in {"__init__.py", "__main__.py", "base.py"}:
            assert (tests / relative.parent / f"test_{relative.name}").exists(), relative
