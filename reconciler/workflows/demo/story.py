"""The demo's story: each step is a real command, and must end as the story says."""

import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from reconciler.programs import ourselves
from reconciler.workflows.demo.stage import Stage

Say = Callable[[str], None]
_AtHand = tuple[int, Mapping[str, str]]  # what is typed into, and the environment for it
_STEP_SECONDS = 60.0


class DemoFailed(Exception):
    """A step did not end as the story says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A heading, a command, and what must be true of its outcome.

    `person` says that somebody is at the keyboard, with a browser.
    """

    heading: str
    command: tuple[str, ...]
    code: int
    tells: tuple[str, ...]
    person: bool = False


_BEFORE = (
    _Step(
        heading="Are the manifests right? No workspace is needed to know",
        command=("validate",),
        code=0,
        tells=("valid",),
    ),
    _Step(
        heading="What would change? The review: nothing is written, and no secret is in it",
        command=("plan", "--out", "reviewed.plan"),
        code=0,
        tells=("7 to create",),
    ),
    _Step(
        heading="Apply the very plan that was reviewed. Two servers wait for a person to sign in,\n"
        "# the rest is done: a pipeline waits for nobody, and exit code 6 says so",
        command=("apply", "reviewed.plan"),
        code=6,
        tells=("5 applied", "sign in"),
    ),
    _Step(
        heading="An administrator finishes them: `connect` opens a browser for each, and here a\n"
        "# script presses Allow on the two consent pages and pastes where it landed",
        command=("connect",),
        code=0,
        tells=("2 applied",),
        person=True,
    ),
    _Step(
        heading="Plan again: the workspace is as declared",
        command=("plan", "--detailed-exitcode"),
        code=0,
        tells=("Nothing to do",),
    ),
)

_MARKS = ("sandbox-code-", "sandbox-client-", "sandbox-access-", "sandbox-refresh-")
"""How all begins that the demo's authorization servers hand out in secret."""

_AFTER = (
    _Step(
        heading="What did others change? Exit code 2 lets a nightly job tell",
        command=("drift", "--detailed-exitcode"),
        code=2,
        tells=("drift", "delete_ticket", "company"),
    ),
    _Step(
        heading="Repair it",
        command=("apply", "--yes"),
        code=0,
        tells=("applied",),
    ),
    _Step(
        heading="And again there is nothing to do",
        command=("plan", "--detailed-exitcode"),
        code=0,
        tells=("Nothing to do",),
    ),
)


def tell(stage: Stage, say: Say, *, color: bool) -> None:
    """Walk through the story; raises DemoFailed when a step doesn't end as it should."""
    for step in _BEFORE:
        _play(stage, step, say, color=color)
    say("\n# Is a secret in the state or in the saved plan?")
    _look_for_secrets(stage, say)
    say("\n# Meanwhile, in the workspace's own pages, somebody in a hurry…")
    _meddle(stage, say)
    for step in _AFTER:
        _play(stage, step, say, color=color)


def _play(stage: Stage, step: _Step, say: Say, *, color: bool) -> None:
    say(f"\n# {step.heading}")
    say(f"$ reconciler {' '.join(step.command)}")
    output, code = _run(stage, step, color=color)
    say(output.rstrip("\n"))
    if code != step.code or not all(text in output for text in step.tells):
        raise DemoFailed(
            f"`reconciler {' '.join(step.command)}` ended with {code}, expected {step.code} and "
            f"{', '.join(map(repr, step.tells))}"
        )


def _run(stage: Stage, step: _Step, *, color: bool) -> tuple[str, int]:
    nobody: AbstractContextManager[_AtHand] = nullcontext((subprocess.DEVNULL, {}))
    with stage.person() if step.person else nobody as (typed, extra):
        environ = {**os.environ, **stage.environ, **extra}
        environ["FORCE_COLOR" if color else "NO_COLOR"] = "1"
        done = subprocess.run(
            ourselves("-m", "reconciler", *step.command),
            cwd=stage.folder,
            env=environ,
            stdin=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_STEP_SECONDS,
            check=False,
        )
    return done.stdout, done.returncode


def _look_for_secrets(stage: Stage, say: Say) -> None:
    """Look through what was written down; raises DemoFailed when a secret is there."""
    kept = [stage.folder / "reviewed.plan", *(stage.folder / ".reconciler").rglob("*")]
    texts = {path: path.read_bytes() for path in kept if path.is_file()}
    for path, text in texts.items():
        for secret in (*stage.environ.values(), *_MARKS):
            if secret.encode() in text:
                raise DemoFailed(f"there is a secret in {path.relative_to(stage.folder)}")
    say(f"  no: {len(stage.environ)} known secrets, and all codes, tokens and client secrets that")
    say(f"  the sign-ins made, were looked for in {len(texts)} files")


def _meddle(stage: Stage, say: Say) -> None:
    """Enable a dangerous tool without asking, and show a restricted server to everybody."""
    servers = {
        server["url"]: server
        for server in stage.call("GET", "/mcp")["servers"]
        if server.get("url")
    }
    by_name = {
        view["name"]: server["sId"] for server in servers.values() for view in server["views"]
    }
    spaces = stage.call("GET", "/spaces?role=admin")["spaces"]
    company = next(space["sId"] for space in spaces if space["kind"] == "global")
    say("  … enables `delete_ticket` and lets agents call it without asking")
    stage.call(
        "PATCH",
        f"/mcp/{by_name['Ticket desk']}/tools",
        {"tools": [{"toolName": "delete_ticket", "permission": "never_ask", "enabled": True}]},
    )
    say("  … and shows the warehouse to the whole company")
    stage.call("POST", f"/spaces/{company}/mcp_views", {"mcpServerId": by_name["Warehouse"]})
