"""Who is signed in, as text and as JSON."""

import json
from pathlib import Path

import jsonschema

from reconciler.diagnostics import PLAIN
from reconciler.views import IdentityView, WorkspaceView, identities_json, identities_text

ROOT = Path(__file__).parents[2]
ANA = IdentityView(
    url="https://eu.dust.tt",
    email="ana@acme.example",
    name="Ana\x1b[2K Diaz",
    region="europe-west1",
    source="the keyring of the operating system",
    ends="2026-11-24T04:47:34Z",
    renewed=True,
    workspaces=(
        WorkspaceView(id="w1", name="Acme", role="admin", wanted=True),
        WorkspaceView(id="w2", name="Globex", role="builder"),
    ),
)
BEN = IdentityView(
    url="https://dust.tt",
    email="ben@acme.example",
    source="/home/ben/sessions/x.json",
    problem="the sign-in has ended",
    help=("sign in again",),
)


def test_everybody_has_a_block() -> None:
    assert identities_text([ANA, BEN], PLAIN) == (
        "ana@acme.example (Ana<U+001B>[2K Diaz) at https://eu.dust.tt\n"
        "  region: europe-west1\n"
        "  access token: the keyring of the operating system, ends 2026-11-24T04:47:34Z, "
        "renewed by itself\n"
        "  workspace Acme (w1): admin - the workspace of the manifests\n"
        "  workspace Globex (w2): builder - not an administrator, so spaces and MCP servers "
        "can't be managed\n"
        "\n"
        "ben@acme.example at https://dust.tt\n"
        "  can not be used: the sign-in has ended\n"
        "  access token: /home/ben/sessions/x.json\n"
        "  = help: sign in again\n"
    )


def test_somebody_without_a_workspace_is_told_so() -> None:
    nobody = IdentityView(url="https://dust.tt", email="eve@acme.example", source="env:X")
    assert "no workspace: this person is a member of none here" in identities_text([nobody], PLAIN)


def test_the_json_is_what_its_schema_says() -> None:
    schema = json.loads((ROOT / "schemas" / "identities.schema.json").read_text())
    made = identities_json([ANA, BEN])
    jsonschema.validate(made, schema)
    assert [place["manages"] for place in made["identities"][0]["workspaces"]] == [True, False]
    assert made["identities"][1]["problem"]["message"] == "the sign-in has ended"
