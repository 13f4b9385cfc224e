"""What a pull request may name: held to its base, which is read out of real git."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.diagnostics import Code, Diagnostic
from reconciler.manifests import MAX_FILE_BYTES, load
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, Secret, SecretFailure
from reconciler.workflows import Exit, Stop
from reconciler.workflows.base_branch import BaseUnreadable, manifests_at
from reconciler.workflows.trust import Trust, trust_for
from tests.parts.cli import yaml_text

MAIN = "refs/remotes/origin/main"
PULL_REQUEST = {"GITHUB_BASE_REF": "main", "CI": "true", "PATH": os.environ["PATH"]}
STATE = {"url": "https://state.acme.example/a", "credentials": {"username": "ci"}}
SPEC = {
    "provider": "dust",
    "workspaceId": "w1",
    "region": "eu",
    "credentials": {"accessToken": {"env": "DUST_ACCESS_TOKEN"}},
    "state": STATE,
}


@dataclass(frozen=True)
class Checkout:
    """The current folder: a checkout whose origin's main is `base`."""

    folder: Path

    def write(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def base(self, texts: Mapping[str, str]) -> None:
        """Commit these files as the base, and leave them lying there."""
        self.write(texts)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "base")
        self.git("update-ref", MAIN, "HEAD")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example")
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def read(self, *paths: str, environ: Mapping[str, str] = PULL_REQUEST) -> dict[str, bytes]:
        return dict(manifests_at([MAIN], map(Path, paths or ["manifests"]), environ))

    def trust(self, environ: Mapping[str, str] = PULL_REQUEST) -> Trust:
        paths = [self.folder / "manifests"]
        loaded = load(paths)
        assert loaded.desired is not None, [each.message for each in loaded.diagnostics]
        return trust_for(loaded.desired, loaded.locator, paths, environ)

    def refused(self, environ: Mapping[str, str] = PULL_REQUEST) -> Stop:
        with pytest.raises(Stop) as caught:
            self.trust(environ)
        assert caught.value.code is Exit.REFUSED
        assert "nothing was read or sent" in caught.value.message
        return caught.value

    def news(self) -> list[Diagnostic]:
        loaded = load([self.folder / "manifests"])
        assert loaded.desired is not None
        return list(self.trust().news(loaded.desired.resources.values(), loaded.locator))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Checkout(folder)


def _workspace(**spec: object) -> str:
    given = {name: value for name, value in {**SPEC, **spec}.items() if value is not None}
    head = {"apiVersion": "reconciler/v1", "kind": "Workspace", "metadata": {"name": "acme"}}
    return yaml_text({**head, "spec": given})


def _server(
    name: str,
    token: str,
    url: str = "https://mcp.acme.example/mcp",
    scheme: str = "env",
    headers: Iterable[str] = (),
) -> str:
    spec: dict[str, object] = {
        "url": url,
        "displayName": name.title(),
        "auth": {"mode": "bearer", "token": {scheme: token}},
    }
    given = {f"X-{each}": {"env": each} for each in headers}
    return yaml_text(
        {
            "apiVersion": "reconciler/v1",
            "kind": "MCPServer",
            "metadata": {"name": name},
            "spec": spec | ({"headers": given} if given else {}),
        }
    )


BASE = {"manifests/workspace.yaml": _workspace(), "manifests/a.yaml": _server("a", "A_TOKEN")}


# What decides where credentials go.


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"region": "us"}, "region"),
        ({"region": None, "url": "https://evil.example"}, "url"),
        ({"workspaceId": "w2"}, "workspaceId"),
        ({"state": {"url": "https://evil.example/a"}}, "state.url"),
        ({"state": {"path": "mine.json"}}, "state.path"),
        ({"state": None}, "state.url"),
        (
            {"state": {**STATE, "credentials": {"password": {"env": "X"}}}},
            "state.credentials.password",
        ),
        (
            {"state": {**STATE, "encryption": {"key": {"env": "X"}}}},
            "state.encryption.key",
        ),
        ({"credentials": {"accessToken": {"env": "OTHER"}}}, "credentials.accessToken"),
        ({"credentials": {"session": {"vault": "secret/ci/x#y"}}}, "credentials.session"),
        ({"credentials": None}, "credentials.accessToken"),
    ],
)
def test_a_pull_request_can_not_say_where_credentials_go(
    checkout: Checkout, spec: dict[str, object], field: str
) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/workspace.yaml": _workspace(**spec)})

    found = list(checkout.refused().diagnostics)

    assert {each.code for each in found} == {Code.DESTINATION_CHANGED}
    [one] = [each for each in found if each.message == f"`{field}` isn't what it is on `main`"]
    assert one.span is not None
    assert one.span.file.endswith("manifests/workspace.yaml")
    assert one.notes[0].startswith("`main` has ")
    assert "whoever may merge" in one.help[0]


def test_what_says_nothing_of_credentials_may_change(checkout: Checkout) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/workspace.yaml": _workspace(guards={"maxDeletes": 9})})
    assert checkout.trust().base is not None


def test_layout_and_order_are_no_change(checkout: Checkout) -> None:
    checkout.base(BASE)
    text = _workspace().replace("region: eu", "region: 'eu' # as it was")
    checkout.write({"manifests/workspace.yaml": f"---\n{text}"})
    assert checkout.trust().base is not None


def test_a_workspace_that_the_base_has_not_is_only_validated(checkout: Checkout) -> None:
    checkout.base({"manifests/a.yaml": BASE["manifests/a.yaml"]})
    checkout.write(BASE)

    assert "`main` has no Workspace `acme`" in checkout.refused().message


def test_a_folder_that_was_moved_has_no_workspace_on_the_base(checkout: Checkout) -> None:
    checkout.base({name.replace("manifests", "before"): text for name, text in BASE.items()})
    checkout.write(BASE)

    assert "`main` has no Workspace" in checkout.refused().message


def test_several_workspaces_are_told_by_their_names(checkout: Checkout) -> None:
    other = _workspace(region="us").replace("name: acme", "name: other")
    checkout.base({**BASE, "manifests/other.yaml": other})
    (checkout.folder / "manifests/other.yaml").unlink()
    assert checkout.trust().base is not None


@pytest.mark.parametrize("environ", [{"GITHUB_BASE_REF": "gone"}, {"RECONCILER_BASE": "-x"}])
def test_a_base_that_can_not_be_read_is_refused_with_how_to_fetch_it(
    checkout: Checkout, environ: dict[str, str]
) -> None:
    checkout.base(BASE)

    stop = checkout.refused({**PULL_REQUEST, **environ})

    assert "git fetch --depth 1 origin" in " ".join(stop.help)


def test_a_base_of_the_authors_own_is_refused(checkout: Checkout) -> None:
    checkout.base(BASE)
    event = checkout.folder.parent / "event.json"
    event.write_text('{"repository": {"default_branch": "main"}}')
    checkout.git("update-ref", "refs/remotes/origin/mallory", "HEAD")
    mallory = {**PULL_REQUEST, "GITHUB_BASE_REF": "mallory", "GITHUB_EVENT_PATH": str(event)}

    assert "RECONCILER_BASE_BRANCHES=mallory" in checkout.refused(mallory).help[0]
    assert checkout.trust({**mallory, "RECONCILER_BASE_BRANCHES": "mallory"}).base is not None


def test_outside_of_a_pull_request_nothing_is_held_to_anything(checkout: Checkout) -> None:
    checkout.write(BASE)
    assert checkout.trust({}).base is None
    assert checkout.trust({"CI": "true", "GITHUB_EVENT_NAME": "push"}).base is None


# Which secrets are read.


def test_a_reference_that_the_base_has_is_read_and_another_is_not(checkout: Checkout) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/b.yaml": _server("b", "NEW", headers=["A_TOKEN"])})
    environ = {"A_TOKEN": "known", "NEW": "new", "DUST_ACCESS_TOKEN": "admin"}
    names = [SecretRef("env", name) for name in environ]

    with Resolver(environ=environ, refuse=checkout.trust().refusal) as resolver:
        known, new, own = (resolver.resolve(names)[each] for each in names)

    assert isinstance(known, Secret)
    assert isinstance(own, Secret)
    assert isinstance(new, SecretFailure)
    assert "is new, not compared" in new.message


@pytest.mark.parametrize(
    ("scheme", "place"),
    [
        ("env", "NEW"),
        ("file", "manifests/token"),
        ("vault", "secret/prod/admin#password"),
        ("aws", "prod/admin"),
        ("gcp", "projects/p/secrets/s"),
        ("azure", "evil/secret"),
        ("op", "op://Private/Admin/password"),
        ("sops", "secrets/prod.yaml#key"),
        ("plugin", "keeper:admin"),
    ],
)
def test_no_backend_of_any_scheme_is_asked_for_what_the_base_has_not(
    checkout: Checkout, scheme: str, place: str
) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/b.yaml": _server("b", place, scheme=scheme)})
    reference = SecretRef(scheme, place)

    with Resolver(refuse=checkout.trust().refusal, backends={}) as resolver:
        found = resolver.resolve([reference])[reference]

    assert isinstance(found, SecretFailure)
    assert found.code is Code.SECRET_DENIED


def test_the_reviewer_is_told_which_secrets_are_new_and_where_they_go(checkout: Checkout) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/b.yaml": _server("b", "NEW", url="https://evil.example/mcp")})

    [found] = checkout.news()

    assert (found.code, found.address) == (Code.NEW_REFERENCE, "MCPServer/b")
    assert "`env:NEW`" in found.message
    assert found.notes[0] == "it is for https://evil.example/mcp"
    assert found.span is not None


@pytest.mark.parametrize("headers", [["A_TOKEN"], ["DUST_ACCESS_TOKEN"]])
def test_a_known_secret_that_goes_elsewhere_is_told(checkout: Checkout, headers: list[str]) -> None:
    checkout.base({**BASE, "manifests/b.yaml": _server("b", "B", url="https://b.example/mcp")})
    text = _server("b", "B", url="https://b.example/mcp", headers=headers)
    checkout.write({"manifests/b.yaml": text})

    [found] = checkout.news()

    assert found.code is Code.NEW_DESTINATION
    assert found.notes[0] == "it is for https://b.example/mcp"
    where = "https://mcp.acme.example/mcp" if headers == ["A_TOKEN"] else "the Workspace itself"
    assert found.notes[1] == f"on `main` it is for {where}"


def test_a_server_that_moved_takes_its_secret_along_and_the_reviewer_is_told(
    checkout: Checkout,
) -> None:
    checkout.base(BASE)
    checkout.write({"manifests/a.yaml": _server("a", "A_TOKEN", url="https://evil.example/mcp")})
    assert [each.code for each in checkout.news()] == [Code.NEW_DESTINATION]


def test_what_is_as_on_the_base_is_no_news(checkout: Checkout) -> None:
    checkout.base(BASE)
    assert checkout.news() == []


# What may be named in any pipeline.


def test_a_saved_plan_can_not_have_the_runners_own_read_either() -> None:
    reference = SecretRef("env", "ACTIONS_RUNTIME_TOKEN")
    trust = Trust(variables=Trust().variables.of({"CI": "true"}))
    assert trust.refusal(reference) is not None
    assert Trust().refusal(reference) is None


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("manifests/token", True),
        ("manifests/in/token", True),
        ("mounted/token", True),
        ("elsewhere/token", False),
        (".git/config", False),
        ("manifests/../.git/config", False),
        ("manifests/link", False),
        ("manifests/.git/config", False),
        ("/etc/passwd", False),
    ],
)
def test_in_a_pipeline_files_are_read_below_folders_that_the_run_names(
    checkout: Checkout, path: str, *, read: bool
) -> None:
    texts = dict.fromkeys(("manifests/token", "manifests/in/token", "mounted/token"), "x")
    checkout.write({**BASE, **texts, "elsewhere/token": "x", ".git/config": "x"})
    (checkout.folder / "manifests/link").symlink_to(checkout.folder / "elsewhere/token")
    mounted = {"RECONCILER_ALLOW_FILES": str(checkout.folder / "mounted")}
    reference = SecretRef("file", path)

    assert (checkout.trust({"CI": "true", **mounted}).refusal(reference) is None) is read
    assert checkout.trust({}).refusal(reference) is None, "at a desk, as ever"


# How the base is read.


def test_the_base_is_what_was_committed_whatever_lies_there_now(checkout: Checkout) -> None:
    checkout.base({**BASE, "manifests/in/b.yml": "b", "manifests/.hidden.yaml": "h", "c.yaml": "c"})
    checkout.write(dict.fromkeys(BASE, "changed"))

    found = checkout.read()

    assert {name: data.decode() for name, data in found.items()} == {
        **BASE,
        "manifests/in/b.yml": "b",
    }
    assert checkout.read("c.yaml") == {"c.yaml": b"c"}
    assert "c.yaml" in checkout.read(".")


def test_nothing_that_the_checkout_brings_is_run_to_read_it(checkout: Checkout) -> None:
    checkout.base(BASE)
    ran = checkout.folder.parent / "ran"
    program = checkout.folder / "git"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    checkout.write({".gitattributes": "* filter=evil diff=evil\n"})
    for name in ("filter.evil.smudge", "diff.evil.textconv", "core.fsmonitor", "core.pager"):
        checkout.git("config", name, str(program))
    ways_in = os.pathsep.join(("", ".", str(checkout.folder), os.environ["PATH"]))

    found = checkout.read(environ={**PULL_REQUEST, "PATH": ways_in})

    assert found.keys() == BASE.keys()
    assert not ran.exists()


def test_a_folder_that_looks_like_a_repository_is_not_taken_for_one(checkout: Checkout) -> None:
    checkout.base(BASE)
    mine = Checkout(checkout.folder / "manifests")
    mine.git("init", "--quiet", "--bare")
    assert checkout.read().keys() == BASE.keys()


def test_a_submodule_is_not_the_repository(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.base(BASE)
    theirs = Checkout(checkout.folder / "manifests")
    theirs.base({"manifests/workspace.yaml": "theirs"})
    monkeypatch.chdir(theirs.folder)

    found = dict(
        manifests_at([MAIN], [Path()], {**PULL_REQUEST, "GITHUB_WORKSPACE": str(checkout.folder)})
    )

    assert found.keys() == BASE.keys()


def test_a_link_on_the_base_is_not_followed(checkout: Checkout) -> None:
    checkout.write(BASE)
    (checkout.folder / "manifests/link.yaml").symlink_to("/etc/passwd")
    checkout.base(BASE)
    assert checkout.read().keys() == BASE.keys()


@pytest.mark.parametrize(
    ("paths", "why"),
    [(["/etc"], "outside of the repository"), (["large.yaml"], "too large")],
)
def test_what_can_not_be_compared_is_no_base(
    checkout: Checkout, paths: list[str], why: str
) -> None:
    checkout.base({"large.yaml": "#" * (MAX_FILE_BYTES + 1)})
    with pytest.raises(BaseUnreadable, match=why):
        checkout.read(*paths)


def test_without_git_or_a_repository_there_is_no_base(checkout: Checkout) -> None:
    with pytest.raises(BaseUnreadable, match="no checkout"):
        checkout.read()
    checkout.base(BASE)
    with pytest.raises(BaseUnreadable, match="not installed"):
        checkout.read(environ={"PATH": str(checkout.folder.parent)})
