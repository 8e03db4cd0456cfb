"""What docs/architecture.md and the other pages say of the package's folders, files and objects is there."""

import re
from pathlib import Path

from tests.test_architecture import LEVELS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mvn_dask"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SOURCE = re.compile(r"[\w.-]+(/[\w.-]+)*\.(py|sh|in)")


def codes(page: Path) -> list[str]:
    """Inline code of a page."""
    return [match[1] for match in CODE.finditer(BLOCK.sub("", page.read_text(encoding="utf-8")))]


def rows_of_folders() -> list[list[str]]:
    """What stands in the rows of the table of folders, by its levels' names."""
    section = (ROOT / "docs" / "architecture.md").read_text().split("\n## Folders\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [[code.rstrip("/") for code in CODE.findall(cell)] for cell in cells]


def test_the_table_of_folders_is_that_of_the_levels() -> None:
    level = {name: number for number, names in enumerate(LEVELS) for name in names - {"__main__"}}
    rows = rows_of_folders()
    assert sorted(name for row in rows for name in row) == sorted(level)
    highest = -1
    for row in rows:  # none lies below what stands above it
        assert min(level[name] for name in row) >= highest, row
        highest = max(highest, min(level[name] for name in row))


def is_there(name: str, page: Path) -> bool:
    folders = [ROOT, PACKAGE, ROOT / "docs", page.parent]
    anywhere = [] if "/" in name else [*PACKAGE.rglob(name), *(ROOT / "tests").rglob(name)]
    return bool(anywhere) or any((folder / name).exists() for folder in folders)


def test_files_that_pages_name_are_there() -> None:
    named = {(page, code) for page in PAGES for code in codes(page) if SOURCE.fullmatch(code) and "NAME" not in code}
    assert len(named) > 20
    assert [(page.name, code) for page, code in named if not is_there(code, page)] == []


def test_modules_and_objects_that_the_architecture_names_are_there() -> None:
    dotted = {code for code in codes(ROOT / "docs" / "architecture.md") if re.fullmatch(r"[a-z_]+(\.\w+)+", code)}
    named = [code.split(".") for code in dotted - {"job.toml"} if (PACKAGE / code.split(".")[0]).is_dir()]
    assert len(named) >= 5
    for parts in named:
        place = PACKAGE
        while parts and (place / parts[0]).is_dir():
            place /= parts.pop(0)
        file = place / f"{parts[0]}.py" if parts else place / "__init__.py"
        assert file.is_file(), parts
        assert all(re.search(rf"\b{name}\b", file.read_text()) for name in parts[1:]), parts
