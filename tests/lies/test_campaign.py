"""Whatever reads tell and however writes end: nothing twice, nothing left over, nobody hurt.

A round is a project's life: two to four applies on a workspace that lies, somebody else who works
in it by hand, and clean applies at the end. A plain run takes 200 rounds that are the same every
time; `LIES=5000` takes so many. A failure names its seed: `LIES_SEED=17` plays that round.
"""

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from reconciler.execution import Listener, Report
from reconciler.planning import Plan
from reconciler.providers import ProviderError
from reconciler.resources import Gate
from reconciler.workflows import Approval, Options, Stop, apply, load_manifests, make, open_context
from reconciler.workflows.trust import Trust
from tests.execution.scripts import memory_folder
from tests.lies.liar import Liar
from tests.lies.platform import TOKEN, WORKSPACE, Platform, lines
from tests.parts.cli import let_an_hour_pass

ROUNDS = int(os.environ.get("LIES", "200"))
ONLY = os.environ.get("LIES_SEED")
_CLEAN = 4
_URLS = ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
_OURS = frozenset({Gate.NAME_TAKEN, Gate.AMBIGUOUS, Gate.DEPENDENCY})
"""What may hold a change back for good where somebody else has its name."""


class _Clock(threading.Event):
    """The event of Ctrl-C; to wait for it takes no time, and lets the platform's clock go on."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform

    def wait(self, timeout: float | None = None) -> bool:
        self._platform.let_go_by(timeout or 0.0)
        return self.is_set()


@dataclass
class Round:
    """One project's life."""

    seed: int
    folder: Path
    chance: random.Random = field(init=False)
    strangers: dict[str, Any] = field(default_factory=dict)
    declared: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.platform = Platform(self.seed)
        self.liar = Liar(self.platform, self.chance)

    def play(self) -> None:
        """Live it, and look at what it led to."""
        self._declare()
        self._apply()
        # In half of them one apply follows the other at once, on a replica that stays behind.
        brisk = self.chance.random() < 0.5
        for _ in range(self.chance.randint(2, 4)):
            self.platform.let_go_by(self.chance.choice([0, 1] if brisk else [0, 20, 60, 600]))
            self.liar.look()
            if self.chance.random() < 0.8:
                self._declare()
            if self.chance.random() < 0.3:
                self._meddle()
            self.platform.let_go_by(self.chance.choice([1, 2] if brisk else [1, 5, 30]))
            self._spoilt(0.7 if brisk else 0.4)
            self._check_strangers()
        report = self._clean()
        self._conclude(report)

    def _declare(self) -> None:
        """Manifests of some spaces and servers, in another shape each time."""
        chance = self.chance
        spaces = [n for n in ("red", "green", "blue") if chance.random() < 0.6]
        documents = [
            _document(
                "Space", n, displayName=n.title(), access=chance.choice(["open", "restricted"])
            )
            for n in spaces
        ]
        for name in ("one", "two", "three"):
            if chance.random() < 0.6:
                spec: dict[str, Any] = {
                    "url": chance.choice(_URLS),
                    "displayName": name.title(),
                    "auth": {"mode": "none"},
                    "spaces": [n for n in spaces if chance.random() < 0.4],
                }
                if chance.random() < 0.5:
                    spec["description"] = chance.choice(["first words", "other words"])
                documents.append(_document("MCPServer", name, **spec))
        self.declared = documents

    def _meddle(self) -> None:
        """Somebody makes by hand what a manifest may describe as well.

        Not what a run asked for a moment ago without an answer: when it was made is all that tells
        such a one from ours.
        """
        taken = {each["title"] for each in self._objects().values()} | self._started()
        kind, title = self.chance.choice(
            [("Space", "Red"), ("Space", "Blue"), ("MCPServer", "One"), ("MCPServer", "Three")]
        )
        if title in taken:
            return
        if kind == "Space":
            body = {
                "name": title,
                "isRestricted": False,
                "spaceKind": "regular",
                "managementMode": "manual",
                "memberIds": [],
            }
            made = self.platform.write("POST", "/spaces", body)["space"]["sId"]
        else:
            body = {"serverType": "remote", "url": self.chance.choice(_URLS), "viewName": title}
            made = self.platform.write("POST", "/mcp", body)["server"]["sId"]
        self.strangers[made] = self._objects()[made]

    def _spoilt(self, behind: float) -> None:
        """An apply to which the workspace lies; so often on lists that are behind."""
        self.liar.rate = self.chance.choice([0.05, 0.15, 0.3])
        lists = ("spaces", "mcp", "mcp_views")
        if self.chance.random() < behind:
            self.liar.behind = frozenset(each for each in lists if self.chance.random() < 0.6)
        try:
            self._apply()
        except (ProviderError, Stop):
            pass  # it may end in any way that it knows
        finally:
            self.liar.rate, self.liar.behind = 0.0, frozenset()

    def _clean(self) -> Report:
        left = _CLEAN
        while True:
            self.platform.let_go_by(600)
            report = self._apply()
            self._check_strangers()
            left -= 1
            if not left or not self._plan().changes:
                return report

    def _conclude(self, report: Report) -> None:
        objects = self._objects()
        ours = {sid: it for sid, it in objects.items() if sid not in self.strangers}
        titles = Counter((it["kind"], it["title"]) for it in ours.values())
        assert max(titles.values(), default=0) <= 1, f"twice: {titles}"
        plan = self._plan()
        owned = {entry.remote_id for entry in plan.state.entries.values()}
        assert set(ours) <= owned, f"nobody owns {set(ours) - owned}"
        if not plan.changes:
            assert set(ours) == owned, f"gone is {owned - set(ours)}"
            assert set(map(str, plan.state.entries)) == {
                f"{each['kind']}/{each['metadata']['name']}" for each in self.declared
            }
            assert plan.state.unfinished == ()
            return
        # Somebody else has the name: nothing is to be done about that, and it is told.
        assert self.strangers, [(r.change.address, r.outcome, r.message) for r in report.results]
        gates = {change.refusal.gate for change in plan.changes if change.refusal}
        assert all(change.refusal for change in plan.changes), plan.changes
        assert gates <= _OURS, gates
        assert Gate.NAME_TAKEN in gates, gates

    def _started(self) -> set[str]:
        path = self.folder / "state.json"
        text = path.read_text("utf-8") if path.exists() else "{}"
        unfinished = json.loads(text).get("unfinished", [])
        return {str(each["match"].get("displayName", "One")) for each in unfinished}

    def _check_strangers(self) -> None:
        now = self._objects()
        for sid, before in self.strangers.items():
            assert now.get(sid) == before, f"{sid} was touched"

    def _objects(self) -> dict[str, dict[str, Any]]:
        """Every space and remote server, with what people see of it."""
        found: dict[str, dict[str, Any]] = {}
        for each in self.platform.read("/spaces", role="admin")["spaces"]:
            if each["kind"] == "regular":
                found[each["sId"]] = {"kind": "Space", "title": each["name"], "whole": each}
        remote = (each for each in self.platform.read("/mcp")["servers"] if each.get("url"))
        for each in remote:
            views = each["views"]
            name = next((view["name"] for view in views if view["name"]), each["name"])
            found[each["sId"]] = {"kind": "MCPServer", "title": name, "whole": each}
        return found

    def _apply(self) -> Report:
        self._later()
        applied = apply(
            self._context(), approve=lambda _planned: Approval.UNASKED, listener=Listener()
        )
        assert applied.report is not None
        told = {str(r.change.address): (r.outcome, r.message) for r in applied.report.results}
        assert all("bug" not in message for _, message in told.values()), told
        return applied.report

    def _plan(self) -> Plan:
        context = self._context()
        return make(context, context.connection()).plan

    def _context(self) -> Any:
        path = self.folder / "manifests.yaml"
        path.write_text(yaml.safe_dump_all([_WORKSPACE, *self.declared]), "utf-8")
        loaded = load_manifests([path], None)
        assert loaded.desired is not None, loaded
        options = Options(
            environ={"DUST_ACCESS_TOKEN": TOKEN},
            allow=frozenset({"max-deletes", "open-space"}),
            parallelism=1,
            stop=_Clock(self.platform),
        )
        return open_context(loaded.desired, loaded.locator, options, trust=Trust())

    def _later(self) -> None:
        """Let the run before have ended an hour ago, by the clock of the disk."""
        let_an_hour_pass(self.folder)


def _document(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


_WORKSPACE = _document(
    "Workspace",
    "acme",
    provider="dust",
    workspaceId=WORKSPACE,
    url="http://127.0.0.1:80",
    credentials={"accessToken": {"env": "DUST_ACCESS_TOKEN"}},
    state={"path": "state.json"},
)


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder for states, in memory."""
    with memory_folder() as folder:
        yield folder


def play(seed: int, memory: Path) -> str:
    """Play a round; what was bad about it."""
    folder = memory / str(seed)
    folder.mkdir()
    game = Round(seed, folder)
    with patch("reconciler.providers.dust.sessions.Transport", lines(game.liar)):
        try:
            game.play()
        except Exception as error:  # noqa: BLE001 - every seed is told, not the first alone
            told = "\n  ".join(game.liar.told)
            return f"LIES_SEED={seed}: {type(error).__name__}: {error}\n  {told}"
        finally:
            game.platform.close()
    return ""


@pytest.mark.timeout(900)
def test_no_round_does_harm(memory: Path) -> None:
    seeds = [int(ONLY)] if ONLY else range(ROUNDS)
    bad = [wrong for seed in seeds if (wrong := play(seed, memory))]
    assert not bad, "\n\n".join(bad)
