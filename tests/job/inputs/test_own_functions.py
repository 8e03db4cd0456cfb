"""Functions of the user's own: found, shipped, forgotten."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.inputs.own_functions import modules_in, own_function

PLACE = "job.toml:7: estimate.0.function"
WHAT = "a function of rows"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mvn_own_scales.py").write_text("SCALE = 2.0\n")
    (tmp_path / "mvn_own_losses.py").write_text(
        "import mvn_own_scales\nfrom mvn_own_scales import SCALE\nNUMBER = 3\n"
        "def loss(rows):\n    return SCALE * mvn_own_scales.SCALE * rows + shift()\n"
        "def shift():\n    return 1\n"
    )
    package = tmp_path / "mvn_own_package"
    package.mkdir()
    (package / "__init__.py").write_text("from mvn_own_package.inner import twice\n")
    (package / "inner.py").write_text("def twice(rows):\n    return 2 * rows\n")
    return tmp_path


def test_another_process_needs_no_file(folder: Path) -> None:
    texts = ["mvn_own_losses:loss", "mvn_own_package.inner:twice", "mvn_own_package:twice"]
    with modules_in(folder):
        functions = [own_function(PLACE, folder, text, WHAT) for text in texts]
        payload = pickle.dumps(functions)
        assert pickle.dumps(functions) == payload
    code = "import pickle, sys; print(*[f(3.0) for f in pickle.loads(sys.stdin.buffer.read())], *sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], input=payload, capture_output=True, check=True)
    results, modules = done.stdout.decode().split()[:3], done.stdout.decode().split()[3:]
    assert results == ["13.0", "6.0", "6.0"] == [str(function(3.0)) for function in functions]
    assert not {text.partition(":")[0] for text in texts} & {*modules}
    again = pickle.loads(pickle.dumps(pickle.loads(payload)))  # noqa: S301 made here
    assert [function(3.0) for function in again] == [13.0, 6.0, 6.0]


def test_modules_are_forgotten_and_read_again(folder: Path) -> None:
    before = list(sys.path)
    for number in (1, 22):
        (folder / "mvn_own_losses.py").write_text(f"def loss(rows):\n    return {number}\n")
        with modules_in(folder):
            assert own_function(PLACE, folder, "mvn_own_losses:loss", WHAT)(0) == number
            assert "mvn_own_losses" in sys.modules
        assert "mvn_own_losses" not in sys.modules
    assert sys.path == before


def test_functions_on_the_path_and_what_is_none(folder: Path) -> None:
    (folder / "json.py").write_text("def dumps(rows): return rows\n")
    with modules_in(folder):
        assert own_function(PLACE, folder, "math:floor", WHAT)(2.5) == 2
        for text, fault in [
            ("mvn_own_nothing:f", "the module mvn_own_nothing cannot be imported: No module named"),
            ("mvn_own_losses:f", "there is no f in the module mvn_own_losses"),
            ("mvn_own_losses:NUMBER", "mvn_own_losses:NUMBER must be a function of rows, not int"),
            ("json:dumps", f"{folder / 'json.py'} has the name of a module that Python finds elsewhere: give it "),
        ]:
            with pytest.raises(JobFileError) as caught:
                own_function(PLACE, folder, text, WHAT)
            assert str(caught.value).startswith(f"{PLACE}: {fault}")
