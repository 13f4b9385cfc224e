"""Proxies and authorities of the environment that can't be used: words that name the variable."""

import importlib.util
from pathlib import Path

import pytest

from reconciler.network import network_fault
from tests.parts.cli import Project, run_anywhere

SECRET = "hunter2"
NO_SOCKS = importlib.util.find_spec("socksio") is None


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HTTPS_PROXY": f"foo://u:{SECRET}@127.0.0.1:9"}, "HTTPS_PROXY is an address of a kind"),
        ({"https_proxy": f"http://u:{SECRET}@127.0.0.1:abc"}, "https_proxy is no address"),
        ({"ALL_PROXY": "http://"}, "ALL_PROXY is no address"),
        ({"HTTP_PROXY": "http://[::1"}, "HTTP_PROXY is no address"),
        ({"HTTPS_PROXY": "http://proxy.example:99999"}, "HTTPS_PROXY is no address"),
        ({"HTTPS_PROXY": "http://prox y.example"}, "HTTPS_PROXY is no address"),
        ({"HTTPS_PROXY": "http://\udcff"}, "HTTPS_PROXY is no address"),
        ({"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE names can't be used: No such file"),
        ({"SSL_CERT_FILE": __file__}, "SSL_CERT_FILE names can't be used: it holds no cert"),
        ({"SSL_CERT_FILE": "/"}, "SSL_CERT_FILE names can't be used: "),
        *([({"ALL_PROXY": f"socks5://u:{SECRET}@p:1"}, "ALL_PROXY is a SOCKS proxy")] * NO_SOCKS),
    ],
)
def test_what_cannot_be_used_is_named_and_never_quoted(
    variables: dict[str, str], said: str
) -> None:
    fault = network_fault(variables)
    assert fault is not None
    assert said in fault.message
    assert fault.help
    assert SECRET not in fault.message + "".join(fault.help)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": "::1,[,*.x,http://,10.0.0.0/8, ,ä"},
        {"HTTPS_PROXY": "http://user:pa%40ss@proxy.example:3128/"},
        {"HTTPS_PROXY": "http://[::1]:3128", "HTTP_PROXY": "", "ALL_PROXY": "https://p"},
        {"HTTPS_PROXY": "foo://x", "NO_PROXY": "*"},
        {"HTTPS_PROXY": "foo://x", "https_proxy": "http://proxy.example"},
        {"FTP_PROXY": "foo://x", "SSL_CERT_FILE": ""},
    ],
)
def test_what_can_be_used_is_no_fault(variables: dict[str, str]) -> None:
    assert network_fault(variables) is None


@pytest.mark.parametrize(
    "variables", [{"HTTPS_PROXY": "foo://127.0.0.1:9"}, {"SSL_CERT_FILE": "/nowhere.pem"}]
)
def test_every_command_that_talks_says_so(tmp_path: Path, variables: dict[str, str]) -> None:
    """No command calls itself a bug: `run` looks for that."""
    project = Project(folder=tmp_path, environ={"DUST_ACCESS_TOKEN": "x", **variables})
    project.write(
        "workspace.yaml",
        {
            "apiVersion": "reconciler/v1",
            "kind": "Workspace",
            "metadata": {"name": "main"},
            "spec": {
                "provider": "dust",
                "workspaceId": "0ec9852c2f",
                "url": "https://dust.test.invalid",
                "credentials": {"accessToken": {"env": "DUST_ACCESS_TOKEN"}},
            },
        },
    )
    (name,) = variables
    for command in (
        ("plan", "-f", "manifests"),
        ("apply", "-f", "manifests", "--yes", "--report", "json=r.json"),
        ("doctor", "-f", "manifests"),
        ("login", "--client-id", "x", "--region", "eu"),
    ):
        done = run_anywhere(*command, folder=tmp_path, environ=project.environ)
        assert (done.code, name in done.out + done.err) == (1, True), done
    assert name in (tmp_path / "r.json").read_text()


def test_a_state_server_and_a_forge_say_so_too(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "foo://x", "GITLAB_TOKEN": "x", "GITHUB_TOKEN": "x"}
    environ |= {"GITHUB_REPOSITORY": "a/b", "GITHUB_ACTIONS": "true", "CI": "true"}
    (tmp_path / "body.md").write_text("words")
    done = run_anywhere(
        "publish", "issue", "--title", "t", "--body", "body.md", folder=tmp_path, environ=environ
    )
    assert (done.code, "HTTPS_PROXY" in done.err) == (1, True), done
