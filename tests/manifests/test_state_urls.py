"""Places of states that are right, and what the model makes of them."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from reconciler.manifests import load, schemas
from tests.manifests.corpus import WORKSPACE


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reconciler@db.acme.example:5432/infra?table=ops.states&sslmode=verify-full#acme",
        "postgres:///infra",
        "postgresql://",
        "s3://acme-state/reconciler/acme.json?region=eu-west-1",
        "s3://acme-state",
        "s3://acme/a.json?endpoint=http://127.0.0.1:9000",
        "gs://acme-state/reconciler/",
        "az://states/acme.json?account=acme",
        "https://gitlab.example/api/v4/projects/7/terraform/state/acme",
        "https://git.example:8443/api/packages/acme/terraform/state/acme#lock-methods",
        "http://127.0.0.1:8080/state",
    ],
)
def test_a_state_may_be_there(url: str, tmp_path: Path) -> None:
    text = f"{WORKSPACE}  state: {{url: '{url}', encryption: {{key: {{env: KEY}}}}}}\n"
    path = tmp_path / "workspace.yaml"
    path.write_text(text)
    loaded = load([path])
    assert loaded.desired is not None, loaded.diagnostics
    state = loaded.desired.workspace.spec.state
    assert state is not None
    assert state.url == url
    jsonschema.Draft202012Validator(schemas()["manifest.schema.json"]).validate(
        yaml.safe_load(text)
    )
