"""Issue forms, as GitHub takes them: it shows a blank page in place of one that breaks a rule."""

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

FOLDER = Path(__file__).parents[2] / ".github" / "ISSUE_TEMPLATE"
TEXT = {"type": "string", "minLength": 1}


def closed(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


FORM = closed(
    ["name", "description", "body"],
    name=TEXT,
    description=TEXT,
    labels={"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
    body={
        "type": "array",
        "minItems": 1,
        "items": closed(
            ["type", "id", "attributes"],
            type={"const": "textarea"},
            id={"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
            attributes=closed(["label"], label=TEXT, description=TEXT, placeholder=TEXT, render=TEXT),
            validations=closed(["required"], required={"type": "boolean"}),
        ),
    },
)
"""https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms"""


@pytest.mark.parametrize("name", ["bug_report.yml", "feature_request.yml"])
def test_a_form_is_one(name: str) -> None:
    form = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    jsonschema.validate(form, FORM)
    for key in ("id", "label"):
        values = [item.get(key, item["attributes"].get(key)) for item in form["body"]]
        assert len(set(values)) == len(values)


def test_every_form_is_looked_at() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"bug_report.yml", "feature_request.yml", "config.yml"}
