"""Counts in messages agree with their nouns: they go through `plural`, since one of anything takes no s."""

import ast
import re
from pathlib import Path

import mvn_dask

PACKAGE = Path(mvn_dask.__file__).parent
NOUNS = (
    "arrays|attempts|blocks|bytes|chunks|columns|dimensions|documents|entries|errors|files|labels|links|means|names|normals|"
    "numbers|parts|processes|results|rows|samples|seconds|stripes|tasks|tests|threads|times|values|variables|variances|workers"
)
COUNTED = re.compile(rf" (inner |other |more |good |whole )?({NOUNS})\b")


def counted_nouns(path: Path) -> list[str]:
    """Places where a number that is no constant stands before a noun in the plural."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, text in zip(node.values, node.values[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                constant = isinstance(value.value, ast.Name) and value.value.id.isupper()
                # As in "near its mean 1.5 numbers are 0.1 apart".
                decimal = value.format_spec is not None and ast.unparse(value.format_spec)[-2] in "efg"
                if not constant and not decimal and (match := COUNTED.match(str(text.value))):
                    found.append(f"{path.relative_to(PACKAGE)}:{value.lineno}: {ast.unparse(value.value)}{match[0]}")
    return found


def test_numbers_agree_with_their_nouns() -> None:
    found = [place for path in PACKAGE.rglob("*.py") for place in counted_nouns(path)]
    assert not found, "\n".join(found)
