"""A pull request that wants the pipeline's credentials, from the push to the comment.

Everything that it could have secrets sent to is a listener on loopback, and so is every store that
the pipeline signs in to: what arrived there is what left the machine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.repository import Repository
from tests.e2e.world import Workspace, project_for, server
from tests.parts.github_fake import GitHubFake
from tests.parts.scripted_http import ScriptedHttp

SECRETS = {
    "VAULT_TOKEN": "hvs.the-pipelines-own",
    "AWS_ACCESS_KEY_ID": "AKIDPIPELINE",
    "AWS_SECRET_ACCESS_KEY": "the-pipelines-own-key",
    "TICKETS_TOKEN": "the-token-of-tickets",
    "PAYROLL_TOKEN": "the-token-of-payroll",
}


@pytest.fixture
def listener() -> Iterator[ScriptedHttp]:
    with ScriptedHttp() as made:
        yield made


@pytest.fixture
def repository(workspace: Workspace, tmp_path: Path) -> Iterator[Repository]:
    """A repository whose main has a server with a token; its pipeline can read more than that."""
    with GitHubFake() as fake:
        made = Repository(folder=tmp_path, fake=fake)
        made.environment |= SECRETS
        project_for(workspace, made.project, state={"path": "../state/acme.json"})
        auth = {"mode": "bearer", "token": {"env": "TICKETS_TOKEN"}}
        made.project.write("tickets.yaml", server("tickets", "https://t.example/mcp", auth=auth))
        made.commit("main", "Begin")
        yield made


def _comment(repository: Repository) -> str:
    [body] = repository.fake.bodies(7)
    return body


def _workspace(repository: Repository, **spec: Any) -> None:
    """Have the Workspace manifest say something else."""
    path = repository.project.manifests / "workspace.yaml"
    manifest = yaml.safe_load(path.read_text("utf-8"))
    manifest["spec"] |= spec
    repository.project.write("workspace.yaml", manifest)


def test_no_destination_of_its_choice_gets_anything(
    repository: Repository, listener: ScriptedHttp
) -> None:
    taking = {"username": "u", "password": {"env": "TICKETS_TOKEN"}}
    _workspace(
        repository, url=listener.url, state={"url": f"{listener.url}/state", "credentials": taking}
    )
    repository.commit("feature")

    run = repository.opened(7, "feature")

    assert run.jobs["plan"].code == 4, run.jobs["plan"].log
    comment = _comment(repository)
    assert "a pull request can't choose where credentials go; nothing was read or sent" in comment
    for field in ("url", "state.url", "state.credentials.password"):
        assert f"`{field}` isn't what it is on `main`" in comment
    assert "manifests/workspace.yaml:" in comment
    assert "Reviewed here" not in comment
    assert listener.log == []


def test_no_secret_that_main_does_not_name_is_read_and_the_reviewer_sees_what_is_asked_for(
    repository: Repository, listener: ScriptedHttp
) -> None:
    wanted = {
        "env:PAYROLL_TOKEN": {"env": "PAYROLL_TOKEN"},
        "file:manifests/link": {"file": "manifests/link"},
        "vault:secret/payroll#token": {"vault": "secret/payroll#token"},
        "aws:payroll": {"aws": "payroll"},
    }
    headers = {f"X-{n}": reference for n, reference in enumerate(wanted.values())}
    headers["X-Known"] = {"env": "TICKETS_TOKEN"}
    url = f"{listener.url}/mcp"
    repository.project.write("mine.yaml", server("mine", url, headers=headers))
    (repository.project.manifests / "link").symlink_to("../.git/config")
    repository.commit("feature")
    stores = "\n".join(
        (f"VAULT_ADDR={listener.url}", f"AWS_ENDPOINT_URL={listener.url}", "AWS_REGION=eu-west-3")
    )

    run = repository.opened(7, "feature", variables=stores)

    assert run.jobs["plan"].code == 0, run.jobs["plan"].log
    comment = _comment(repository)
    for reference in wanted:
        assert f"asks for the secret `{reference}`, which `main` doesn't refer to" in comment
    assert comment.count("new, not compared") == len(wanted)
    assert "sends the secret `env:TICKETS_TOKEN` where `main` doesn't" in comment
    assert f"it is for `{url}`" in comment
    assert listener.log == []
    plan = yaml.safe_load(Path(run.jobs["plan"].outputs["plan"]["plan"]).read_text("utf-8"))
    kept = {each["source"]: each["fingerprint"] for each in plan["basis"]["secrets"]}
    assert {source for source, text in kept.items() if text} == {"env:TICKETS_TOKEN"}


def test_the_runners_own_are_refused_with_their_line(
    repository: Repository, listener: ScriptedHttp
) -> None:
    headers = {"X-A": {"env": "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}, "X-B": {"env": "VAULT_TOKEN"}}
    repository.project.write("mine.yaml", server("mine", listener.url, headers=headers))
    repository.commit("feature")

    run = repository.opened(7, "feature")

    assert run.jobs["plan"].code == 1
    assert "`VAULT_TOKEN` is the sign-in to Vault" in _comment(repository)
    errors = [properties for kind, properties, _ in run.jobs["plan"].told if kind == "error"]
    assert [each for each in errors if "file=manifests/mine.yaml" in each and "line=" in each]
    assert listener.log == []
