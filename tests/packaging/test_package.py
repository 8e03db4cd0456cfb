"""The sdist and the wheel as they would be published, and the wheel alone in an empty environment."""

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.cli.application import app
from tests.packaging.test_versions import newest_release
from tests.support import wrong_calls
from tests.support.users_types import basedpyright_lines, copy_without_comments, marked_lines, mypy_lines

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "package"
HELP_OF_EACH = """
import sys
from mvn_dask.cli.application import run
sys.exit(any(run([name, "--help"]) for name in sys.argv[1:]))
"""
FENCE = re.compile(r"(?s)^```sh\n(.*?)^```$", re.MULTILINE)

FlaggedLines = Callable[[Path, str | Path], set[tuple[str, int]]]

pytestmark = pytest.mark.package


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a command prints, whatever it says on standard error; a failure shows both."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def files() -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    for path in BUILT.glob("mvn_dask-*"):
        path.unlink()
    run(sys.executable, "-m", "build", "--installer", "uv", "--outdir", BUILT, ".")
    (sdist,), (wheel,) = BUILT.glob("*.tar.gz"), BUILT.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def environment(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment in which the wheel and what it asks for are installed, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder)
    run(*uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", files[1])
    return folder


@pytest.fixture(scope="module")
def quickstart() -> str:
    """The README up to the heading Install."""
    return (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Install\n")[0]


def path_in(environment: Path) -> dict[str, str]:
    return {"PATH": f"{environment / 'bin'}:/usr/bin:/bin", "PYTHONPATH": "", "HOME": str(environment)}


def test_twine_and_the_wheels_contents(files: tuple[Path, Path]) -> None:
    sdist, wheel = files
    assert run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel).count("PASSED") == 2
    assert "OK" in run(sys.executable, "-m", "check_wheel_contents", wheel)


def test_the_wheel_has_the_package_and_no_tests(files: tuple[Path, Path]) -> None:
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "mvn_dask").rglob("*") if path.is_file()}
    sources = {path for path in sources if "__pycache__" not in path}
    names = set(zipfile.ZipFile(files[1]).namelist())
    assert {name for name in names if name.startswith("mvn_dask/")} == sources
    assert {name.split("/")[0].removeprefix(f"mvn_dask-{mvn_dask.__version__}") for name in names} <= {
        "mvn_dask", ".dist-info", ".data"
    }  # fmt: skip


def test_the_sdist_has_what_tests_and_documentation_need(files: tuple[Path, Path]) -> None:
    with tarfile.open(files[0]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"README.md", "CHANGELOG.md", "CITATION.cff", "Makefile", "docs/support.md", "tests/conftest.py"} <= names
    assert {"examples/portfolio.py", "conda/recipe.yaml", "LICENSE", "pyproject.toml"} <= names
    assert ".github/ISSUE_TEMPLATE/bug_report.yml" in names  # which a test reads
    assert not {name for name in names if name.startswith((".venv", "build/", ".git/"))}


def test_what_pypi_shows(files: tuple[Path, Path]) -> None:
    """No link to a file of the repository, which PyPI has not; every classifier is one of PyPI's; how to install it."""
    with zipfile.ZipFile(files[1]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Author"] or metadata["Author-email"]
    import trove_classifiers

    assert set(metadata.get_all("Classifier", [])) <= trove_classifiers.classifiers
    page = str(metadata.get_payload())
    assert "## Quickstart" in page
    assert "pip install mvn_dask\n" in page
    assert "no release is on PyPI" not in page
    assert "under the picture" not in page
    targets = re.findall(r"\]\(([^)]*)\)", page)
    assert targets
    assert all(target.startswith("https://") for target in targets)


def test_quickstart_as_printed(environment: Path, quickstart: str, tmp_path: Path) -> None:
    """Its Python by doctest, then its shell, where no extra is installed."""
    (tmp_path / "quickstart.md").write_text(quickstart, encoding="utf-8")
    assert quickstart.count(">>>") > 20
    settings = path_in(environment)
    run(environment / "bin" / "python", "-m", "doctest", "-o", "NORMALIZE_WHITESPACE", "quickstart.md",
        cwd=tmp_path, **settings)  # fmt: skip
    (commands,) = FENCE.findall(quickstart)
    run("sh", "-euc", commands, cwd=tmp_path, **settings)
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_the_command_alone(environment: Path, tmp_path: Path) -> None:
    """Version, help of every command, and completion."""
    settings = path_in(environment)
    script = environment / "bin" / "mvn-dask"
    assert run(script, "--version", cwd=tmp_path, **settings).strip() == f"mvn-dask {mvn_dask.__version__}"
    overview = run(script, "--help", cwd=tmp_path, **settings)
    named = [each.callback.__name__ for each in app.registered_commands if each.callback]
    assert len(named) > 5
    # In one process, as most of the time of each is its start.
    helped = run(environment / "bin" / "python", "-c", HELP_OF_EACH, *named, cwd=tmp_path, **settings)
    for name in named:
        assert name in overview
        assert f"mvn-dask {name}" in helped
    assert "complete" in run(script, "--show-completion", "bash", cwd=tmp_path, **settings)


@pytest.mark.parametrize("flagged_lines", [mypy_lines, basedpyright_lines])
def test_type_checkers(flagged_lines: FlaggedLines, environment: Path, tmp_path: Path) -> None:
    """They flag wrong lines of a user's code, and no other, by the types of the installed wheel.

    Some are not seen: what takes a DataArray or a scipy law may be anything to them where those have no types. With all
    libraries and their types every line is flagged, which `tests/test_type_checkers.py` holds.
    """
    sample = Path(wrong_calls.__file__)
    copy_without_comments([sample], tmp_path)
    marked = marked_lines([sample])
    flagged = flagged_lines(tmp_path, environment / "bin" / "python")
    assert flagged - marked == set()
    assert len(marked - flagged) <= len(marked) // 20


def test_the_citation_is_one() -> None:
    """By the schema of its format; in an environment of its own, as the tool asks for an old jsonschema."""
    done = run(sys.executable, "-m", "uv", "tool", "run", "--quiet", "cffconvert", "--validate")
    assert "valid according to schema version 1.2.0" in done


def test_the_recipe_is_one() -> None:
    """Parsed and rendered by the tool that builds from it, which refuses unknown keys."""
    import rattler_build

    recipe = rattler_build.Stage0Recipe.from_file(ROOT / "conda" / "recipe.yaml")
    (variant,) = recipe.render()
    assert variant.recipe.package.name == "mvn_dask"
    assert variant.recipe.package.version == newest_release()[0]


def test_the_wheel_has_the_man_pages(files: tuple[Path, Path], environment: Path) -> None:
    with zipfile.ZipFile(files[1]) as wheel:
        found = {name.rpartition("/")[2] for name in wheel.namelist() if "/data/share/man/man1/" in name}
    assert found == {path.name for path in (ROOT / "docs" / "man").iterdir()}
    assert (environment / "share" / "man" / "man1" / "mvn-dask.1").exists()
