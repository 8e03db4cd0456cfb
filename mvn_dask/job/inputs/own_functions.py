"""Functions of the user's own that a job names as "module:name", from the folder of its file or from Python's path.

Input: the folder, and the text. Output: a function that other processes get as code. Cost: an import, which runs the
module as code of the user who wrote the job.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from mvn_dask.errors import JobFileError
from mvn_dask.execution.pickling import FunctionByValue
from mvn_dask.job.inputs.function_inputs import imported


@contextmanager
def modules_in(folder: Path) -> Iterator[None]:
    """Inside the body, modules that lie in a folder are found, if no others have their names; then forgotten.

    So the next job, in whatever folder, imports its own, and one that was edited is read again.
    """
    text, before = str(folder.resolve()), {*sys.modules}
    invalidate_caches()
    # At the end: a file of the folder must not take the place of a module that Python, or a library, imports later.
    sys.path.append(text)
    try:
        yield
    finally:
        del sys.path[len(sys.path) - 1 - sys.path[::-1].index(text)]
        for name in {module.__name__ for module in _modules_of(folder)} - before:
            sys.modules.pop(name, None)


def own_function(place: str, folder: Path, text: str, what: str) -> FunctionByValue:
    """The function that a job names, inside of `modules_in`; `place` is its job and key in errors.

    Raises JobFileError if it cannot be imported, is no function, or if its module lies in the folder and another one of
    its name is imported already.
    """
    top = text.partition(":")[0].partition(".")[0]
    there = PathFinder.find_spec(top, [str(folder.resolve())])
    found = imported(place, text, what)
    spec = getattr(sys.modules[top], "__spec__", None)
    if there is not None and there.origin is not None and not _is_file(getattr(spec, "origin", None), there.origin):
        raise JobFileError(
            f"{place}: {there.origin} has the name of a module that Python finds elsewhere: give it another name"
        )
    return FunctionByValue(found, _modules_of(folder))


def _is_file(origin: object, path: str) -> bool:
    return isinstance(origin, str) and Path(origin).resolve() == Path(path).resolve()


def _modules_of(folder: Path) -> Sequence[ModuleType]:
    """Modules that were imported from files in a folder, or in a package there."""
    found, place = [], folder.resolve()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or name.partition(".")[0] in {"mvn_dask", "__main__"}:
            continue
        # Not whatever lies below: a folder may hold an environment, with all of its libraries.
        depth = name.count(".") + (Path(file).name == "__init__.py")
        above = Path(file).parents[depth : depth + 1]
        if above and above[0].name == place.name and above[0].resolve() == place:
            found.append(module)
    return found
