"""The manifest: against the published schema, and its command as a pod runs it."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from tests.batch.conftest import EXAMPLES, PROGRAMS, Site
from tests.support.s3 import ACCESS, SECRET, Prefix

SCHEMA = json.loads(Path(__file__).with_name("kubernetes-v1.33.json").read_text())
CONFIG, JOB = yaml.safe_load_all((EXAMPLES / "kubernetes-job.yaml").read_text())
[CONTAINER] = JOB["spec"]["template"]["spec"]["containers"]


def validate(manifest: dict[str, Any]) -> None:
    schema = {**SCHEMA, "$ref": f"#/$defs/{manifest['kind']}"}
    jsonschema.Draft202012Validator(schema).validate(manifest)


def test_schema() -> None:
    validate(CONFIG)
    validate(JOB)
    for wrong in ({"completionMode": 1}, {"complitions": 8}, {"podFailurePolicy": {"rules": [{"action": 75}]}}):
        with pytest.raises(jsonschema.ValidationError):
            validate({**JOB, "spec": {**JOB["spec"], **wrong}})


def test_what_the_schema_cannot_say() -> None:
    """Rules that the API server has beyond its schema, and numbers that must agree."""
    spec, pod = JOB["spec"], JOB["spec"]["template"]["spec"]
    assert spec["completionMode"] == "Indexed"
    assert pod["restartPolicy"] == "Never", "asked for by podFailurePolicy and backoffLimitPerIndex"
    assert {
        rule["onExitCodes"]["containerName"] for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule
    } == {CONTAINER["name"]}
    arguments = CONTAINER["args"]
    assert arguments[arguments.index("--part") + 1] == f"auto/{spec['completions']}"
    assert int(arguments[arguments.index("--grace") + 1]) < pod["terminationGracePeriodSeconds"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["job"]["configMap"]["name"] == CONFIG["metadata"]["name"]
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == volumes.keys()


@pytest.mark.faults
def test_a_pod(site: Site, prefix: Prefix) -> None:
    """Index 5 draws its eighth of the ConfigMap's job, with the credentials of the environment; a smaller one."""
    site.job.write_text(CONFIG["data"]["job.toml"])
    words = [*CONTAINER["command"], *CONTAINER["args"]]
    command = [word.replace("/job/job.toml", str(site.job)) for word in words]
    smaller = ["--set", f"output.url={prefix.url}", "--set", "sample.size=80_000", "--set", "sample.chunks=10_000"]
    environment = {
        "JOB_COMPLETION_INDEX": "5",
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": prefix.endpoint,
        "AWS_ALLOW_HTTP": "true",
    }
    done = site.run([PROGRAMS / command[0], *command[1:], *smaller], **environment)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stderr
    assert prefix.keys("samples/") == ["samples/c/5/0"]
