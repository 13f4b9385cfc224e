"""A repository on GitHub: real git, a fake of the API, runners for its workflows."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.world import ADMIN
from tests.parts.actions import Machine, Run, run_workflow
from tests.parts.actions.steps import ROOT
from tests.parts.cli import Project
from tests.parts.github_fake import REPOSITORY, TOKEN, GitHubFake

WORKFLOWS = ROOT / ".github" / "workflows"
_numbers = count(1)


@dataclass(kw_only=True)
class Repository:
    """Manifests in git, and what its pipelines do.

    Args:
        folder: where everything is kept.
        fake: GitHub's API.
        environment: the secrets that are passed on, NAME=VALUE.
    """

    folder: Path
    fake: GitHubFake
    environment: dict[str, str] = field(default_factory=lambda: {"DUST_ACCESS_TOKEN": ADMIN})

    def __post_init__(self) -> None:
        self.origin = self.folder / "origin.git"
        self.project = Project(folder=self.folder / "desk", environ={"DUST_ACCESS_TOKEN": ADMIN})
        self.project.folder.mkdir(parents=True)
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("remote", "add", "origin", str(self.origin))

    def commit(self, branch: str, message: str = "Change") -> str:
        """Commit what lies in the project on a branch, and push it; the commit."""
        if self._git("rev-parse", "--abbrev-ref", "HEAD", check=False) != branch:
            self._git("checkout", "--quiet", "-B", branch)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "-m", message)
        self._git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return self.head()

    def head(self, ref: str = "HEAD") -> str:
        """The commit that something names."""
        return self._git("rev-parse", ref)

    def on_main(self) -> None:
        """Have the newest main in the project."""
        self._git("fetch", "--quiet", "origin")
        self._git("checkout", "--quiet", "-B", "main", "origin/main")

    def merge(self, branch: str, number: int) -> str:
        """Merge a pull request; the merge's commit, which the project then has."""
        self.on_main()
        head = self.head(f"origin/{branch}")
        self._git("merge", "--quiet", "--no-ff", "-m", f"Merge #{number}", f"origin/{branch}")
        self._git("push", "--quiet", "origin", "main")
        commit = self.head()
        self.fake.merge(number, head=head, commit=commit)
        return commit

    def opened(
        self,
        number: int,
        branch: str,
        *,
        base: str = "main",
        fork: bool = False,
        workflow: str | Path = "plan.yml",
        **inputs: str,
    ) -> Run:
        """What the pipeline does for a push to a pull request."""
        head = self.head(f"origin/{branch}")
        owner = f"mallory/{REPOSITORY.partition('/')[2]}" if fork else REPOSITORY
        event = {
            "number": number,
            "pull_request": {
                "number": number,
                "head": {"sha": head, "repo": {"full_name": owner}},
                "base": {"ref": base, "sha": self.head(f"origin/{base}")},
            },
            "repository": {"default_branch": "main"},
        }
        return self._run(workflow, "pull_request", event, head, inputs, fork=fork)

    def pushed(self, commit: str, *, workflow: str | Path = "apply.yml", **inputs: str) -> Run:
        """What the pipeline does for a push to main."""
        return self._run(workflow, "push", {"ref": "refs/heads/main"}, commit, inputs)

    def dispatched(self, **inputs: str) -> Run:
        """What the pipeline does when somebody runs the apply workflow by hand on main."""
        self._git("fetch", "--quiet", "origin")
        return self._run("apply.yml", "workflow_dispatch", {}, self.head("origin/main"), inputs)

    def nightly(self, **inputs: str) -> Run:
        """What the pipeline does at night."""
        self._git("fetch", "--quiet", "origin")
        return self._run("drift.yml", "schedule", {}, self.head("origin/main"), inputs)

    def shown_on_main(self, path: str) -> str:
        """A file of the newest main."""
        self._git("fetch", "--quiet", "origin")
        return self._git("show", f"origin/main:{path}")

    def on_newest_main(self, folder: str) -> list[str]:
        """The files of a folder on the newest main."""
        listed = self._git("ls-tree", "-r", "--name-only", "origin/main", folder)
        return listed.splitlines()

    def _run(
        self,
        workflow: str | Path,
        event_name: str,
        event: Mapping[str, Any],
        commit: str,
        inputs: Mapping[str, str],
        *,
        fork: bool = False,
    ) -> Run:
        def machine(job: str) -> Machine:
            folder = self.folder / f"runner-{next(_numbers)}-{job}"
            written = folder / "event.json"
            workspace = folder / "workspace"
            workspace.mkdir(parents=True)
            written.write_text(json.dumps(event), "utf-8")

            def checkout(machine: Machine, given: Mapping[str, str]) -> None:
                assert given in ({"persist-credentials": "false"}, {"ref": "refs/heads/main"})
                merged_into = event.get("pull_request", {}).get("base", {}).get("ref")
                self._check_out(machine.workspace, commit, merged_into=merged_into)
                if "ref" in given:
                    self._git("checkout", "--quiet", "main", folder=machine.workspace)

            return Machine(
                workspace=workspace,
                temp=folder / "temp",
                environ={
                    "CI": "true",
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_API_URL": self.fake.url,
                    "GITHUB_BASE_REF": event.get("pull_request", {}).get("base", {}).get("ref", ""),
                    "GITHUB_EVENT_NAME": event_name,
                    "GITHUB_EVENT_PATH": str(written),
                    "GITHUB_REPOSITORY": REPOSITORY,
                    "GITHUB_SERVER_URL": "https://github.example",
                    "GITHUB_SHA": commit,
                },
                stands={
                    "actions/checkout": checkout,
                    "actions/setup-python": lambda _machine, _given: None,
                    "actions/upload-artifact": lambda machine, given: self._upload(
                        machine, given, commit
                    ),
                    "actions/download-artifact": self._download,
                },
                context={
                    "github": {
                        "event": event,
                        "event_name": event_name,
                        "ref": event.get("ref", f"refs/pull/{event.get('number')}/merge"),
                        "ref_name": "main",
                        "repository": REPOSITORY,
                        "run_id": "99",
                        "server_url": "https://github.example",
                        # GitHub gives the pipelines of forks a token that can only read.
                        "token": "ghs_can-only-read" if fork else TOKEN,
                    }
                },
            )

        if isinstance(workflow, Path):
            return run_workflow(workflow, machine, secrets=self.environment)
        secrets = "\n".join(f"{name}={value}" for name, value in self.environment.items())
        return run_workflow(
            WORKFLOWS / workflow,
            machine,
            inputs={"version": "installed", **inputs},
            secrets={} if fork else {"environment": secrets},
        )

    def _check_out(self, folder: Path, commit: str, *, merged_into: str | None) -> None:
        """As `actions/checkout` does: the commit, or what merging it would come to, and no ref of
        another branch."""
        self._git("clone", "--quiet", "--no-checkout", str(self.origin), str(folder))
        self._git("checkout", "--quiet", "--detach", commit, folder=folder)
        if merged_into is not None:
            self._git("merge", "--quiet", "-m", "as merged", f"origin/{merged_into}", folder=folder)
            for ref in self._git("for-each-ref", "--format=%(refname)", folder=folder).split():
                self._git("update-ref", "-d", ref, folder=folder)

    def _upload(self, machine: Machine, given: Mapping[str, str], commit: str) -> None:
        root = machine.workspace / given["path"]
        paths = [root] if root.is_file() else [each for each in root.rglob("*") if each.is_file()]
        base = root.parent if root.is_file() else root
        files = {str(path.relative_to(base)): path.read_bytes() for path in paths}
        assert files
        self.fake.upload(given["name"], files, commit)

    def _download(self, machine: Machine, given: Mapping[str, str]) -> None:
        target = Path(given["path"])
        for name, data in self.fake.files(given["name"]).items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)

    def _git(self, *arguments: str, folder: Path | None = None, check: bool = True) -> str:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@acme.example")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=folder or self.project.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done.stdout.strip()
