"""Rules that the published workflows, the action and the examples hold to."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
REUSABLE = [ROOT / ".github/workflows" / f"{name}.yml" for name in ("plan", "apply", "drift")]
EXAMPLES = sorted((ROOT / "examples/pipelines/github").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
STARTER = ROOT / "reconciler/workflows/starter/workflow.yaml"
WORKFLOWS = [*REUSABLE, *EXAMPLES, STARTER]
LOCKS = ROOT / ".github/locks"
_PINNED = re.compile(r"(\$/[\w./-]+|[\w-]+/[\w./-]+@[0-9a-f]{40})\Z")


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _steps(path: Path) -> Iterator[dict[str, Any]]:
    read = _read(path)
    if "runs" in read:
        yield from read["runs"]["steps"]
    for job in read.get("jobs", {}).values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=_named)
def test_no_expression_is_put_into_the_text_of_a_script(path: Path) -> None:
    assert [step["run"] for step in _steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=_named)
def test_every_action_is_pinned_to_a_commit_or_comes_from_this_repository(path: Path) -> None:
    calls = [job["uses"] for job in _read(path).get("jobs", {}).values() if "uses" in job]
    used = [*calls, *(step["uses"] for step in _steps(path) if "uses" in step)]
    assert [each for each in used if not _PINNED.match(each)] == []
    for each in used:
        if each.startswith("$/"):
            assert (ROOT / each.removeprefix("$/") / "action.yml").is_file()


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_nothing_is_permitted_but_what_a_job_asks_for(path: Path) -> None:
    read = _read(path)
    assert read["permissions"] == {}
    for name, job in read["jobs"].items():
        assert set(job["permissions"].values()) <= {"read", "write"}, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_no_pull_request_runs_beside_secrets_that_are_not_its_own(path: Path) -> None:
    # YAML 1.1 takes the key `on` for a truth value.
    assert not {"pull_request_target", "workflow_run"} & set(_read(path)[True] or ())


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_a_checkout_leaves_no_token_behind(path: Path) -> None:
    for step in _steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", ["plan", "apply", "drift"])
def test_an_example_permits_what_its_workflow_asks_for_and_no_more(name: str) -> None:
    [job] = _read(ROOT / "examples/pipelines/github" / f"{name}.yml")["jobs"].values()
    called = _read(ROOT / ".github/workflows" / f"{name}.yml")
    asked: dict[str, str] = {}
    for each in called["jobs"].values():
        for what, how in each["permissions"].items():
            asked[what] = max(asked.get(what, "read"), how)
    assert job["permissions"] == asked
    assert job["uses"] == f"OWNER/reconciler/.github/workflows/{name}.yml@{'0' * 40}"
    assert job["with"].keys() <= called[True]["workflow_call"]["inputs"].keys()


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_secrets_go_to_the_step_that_runs_the_tool_and_to_no_other(path: Path) -> None:
    for step in _steps(path):
        if "secrets." in str(step):
            assert step["uses"].partition("@")[0].endswith("/.github/actions/reconcile")


def test_a_fork_gets_no_job_that_has_secrets() -> None:
    jobs = _read(REUSABLE[0])["jobs"]
    with_secrets = [name for name, job in jobs.items() if "secrets." in str(job["steps"])]
    assert with_secrets == ["plan"]
    assert "head.repo.full_name == github.repository" in jobs["plan"]["if"]
    assert "head.repo.full_name != github.repository" in jobs["validate"]["if"]
    assert jobs["validate"]["permissions"] == {"contents": "read"}


def test_one_apply_of_a_workspace_runs_at_a_time_and_none_is_dropped() -> None:
    group = _read(REUSABLE[1])["jobs"]["apply"]["concurrency"]
    assert group == {
        "group": "reconciler-apply-${{ inputs.workspace }}",
        "cancel-in-progress": False,
        "queue": "max",
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=_named)
def test_a_job_that_somebody_cancels_ends(path: Path) -> None:
    """GitHub goes on with a job whose condition is still true, as `always()` is."""
    conditions = [str(job.get("if", "")) for job in _read(path)["jobs"].values()]
    assert [each for each in conditions if "always()" in each] == []


@pytest.mark.parametrize(
    "path",
    [
        *ACTIONS,
        *(ROOT / ".github/actions").glob("*/*.sh"),
        ROOT / ".github/gitlab/reconcile.gitlab-ci.yml",
        STARTER,
    ],
    ids=_named,
)
def test_the_tool_is_never_installed_by_its_name_alone(path: Path) -> None:
    """An index may have another project of that name."""
    lines = [line for line in path.read_text("utf-8").splitlines() if " install " in line]
    assert [line for line in lines if re.search(r"install\b.*[\s\"']reconciler\b", line)] == []


@pytest.mark.parametrize("path", [*EXAMPLES, STARTER], ids=_named)
def test_a_job_that_hands_out_secrets_by_itself_has_an_environment(path: Path) -> None:
    for name, job in _read(path)["jobs"].items():
        if "secrets." in str(job.get("steps", "")):
            assert job["environment"], name


def test_the_starter_runs_nothing_by_itself() -> None:
    """What its steps print would else be orders to the runner, and what they install unlocked."""
    assert [step for step in _steps(STARTER) if "run" in step] == []


@pytest.mark.parametrize(
    "path",
    [*ACTIONS, *(ROOT / ".github/actions").glob("*/*.sh"), *WORKFLOWS],
    ids=_named,
)
def test_what_comes_from_an_index_is_known_by_its_hash_and_not_built(path: Path) -> None:
    """Or it is the checkout of the tool itself, for which no index is asked."""
    for line in path.read_text("utf-8").splitlines():
        if re.search(r"\bpip\b.* install |pip\[@\]|uvx|pipx", line) and not line.startswith(
            "pip=("
        ):
            assert {"--require-hashes", "--no-index"} & set(line.split()), line
            assert "--no-index" in line or "--only-binary :all:" in line


def _locked(name: str) -> dict[str, tuple[str, int]]:
    """The version of each project in a lock, and by how many hashes it is known."""
    text = (LOCKS / f"{name}.txt").read_text("utf-8")
    entries = re.findall(r"^([\w.-]+)==(\S+).*\n((?:    .*\n)*)", text, re.MULTILINE)
    return {
        project: (version, files.count("--hash=sha256:")) for project, version, files in entries
    }


def test_all_that_the_tool_and_its_extras_ask_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {
        "build": project["build-system"]["requires"],
        "tool": project["project"]["dependencies"],
    }
    asked |= project["project"]["optional-dependencies"]
    assert {path.stem for path in LOCKS.glob("*.txt")} == asked.keys()
    for name, lines in asked.items():
        locked = _locked("tool") | _locked(name)
        assert all(number for _, number in locked.values()), name
        for requirement in map(Requirement, lines):
            assert requirement.specifier.contains(locked[requirement.name][0]), requirement


def test_no_two_locks_have_different_versions_of_a_thing() -> None:
    """They are installed together."""
    versions: dict[str, set[str]] = {}
    for path in LOCKS.glob("*.txt"):
        for project, (version, _) in _locked(path.stem).items():
            versions.setdefault(project, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
