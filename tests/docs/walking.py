"""Somebody who does what a guide says, with a sandbox where the real workspace would be."""

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.guide import ROOT, Commands, Deed, File, Output, Step
from tests.e2e.world import ADMIN, GUARDED_TOKEN, Servers, Workspace
from tests.parts.cli import run_anywhere

_SHELL = re.compile(r"[|><&;$`*]")
_REGIONS_ALONE = re.compile("reconciler (init|callbacks) ")
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@dataclass(kw_only=True)
class Walker:
    """A reader in a folder of their own; `said` is what the last block printed."""

    folder: Path
    workspace: Workspace
    servers: Servers
    environ: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def __post_init__(self) -> None:
        self.environ |= {
            "DUST_ACCESS_TOKEN": ADMIN,
            "TICKETS_TOKEN": GUARDED_TOKEN,
            "GIT_AUTHOR_NAME": "Ana",
            "GIT_AUTHOR_EMAIL": "ana@acme.example",
            "GIT_COMMITTER_NAME": "Ana",
            "GIT_COMMITTER_EMAIL": "ana@acme.example",
        }
        self._tools = self.folder / ".tools"
        self._tools.mkdir()
        program = self._tools / "reconciler"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self._here = self.folder / "work"
        self._here.mkdir()

    def do(self, step: Step) -> None:
        """Follow one step; raises AssertionError where the guide isn't true."""
        match step:
            case File():
                if step.same:
                    own = (ROOT / step.same).read_text("utf-8")
                    assert _bare(step.text) == _bare(own), f"line {step.line}: not {step.same}"
                path = self._here / step.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._here_and_now(step.text), "utf-8")
            case Commands(why_not=None):
                self.said = ""
                for number, line in enumerate(step.lines):
                    last = number == len(step.lines) - 1
                    self._command(line, step.code if last else 0, f"line {step.line}: {line}")
            case Commands():
                for line in step.lines:
                    self._read(line, f"line {step.line}: {line}")
            case Output():
                for line in step.lines:
                    assert _is_said(line, self.said), f"line {step.line}: {line}\n---\n{self.said}"
            case Deed():
                name, *words = step.words
                _DEEDS[name](self, *words)

    def _here_and_now(self, text: str) -> str:
        """The sandbox for the workspace of the text, and a real server for the one it names."""
        text = re.sub(r"region: (eu|us)\b", f"url: {self.workspace.url}", text)
        text = re.sub(r"--region (eu|us)\b", f"--url {self.workspace.url}", text)
        for name, ours in (
            ("0ec9852c2f", self.workspace.id),
            ("https://mcp.tickets.example/mcp", self.servers.guarded.url),
            ("https://mcp.handbook.example/mcp", self.servers.open.url),
            ("https://mcp.example.com/mcp", self.servers.open.url),
        ):
            text = text.replace(name, ours)
        return text

    def _command(self, line: str, code: int, where: str) -> None:
        if not _REGIONS_ALONE.match(line):  # what `init` writes is pointed at the sandbox later
            line = self._here_and_now(line)
        words = shlex.split(line, comments=True)
        if not words:
            return
        if words[0] == "cd":
            self._here = (self._here / words[1]).resolve()
            return
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environ.setdefault(name, value)
            return
        if words[0] == "reconciler" and not _SHELL.search(line):
            done = run_anywhere(*words[1:], folder=self._here, environ=self.environ)
            ended, said = done.code, done.out + done.err
            self._point_at_sandbox()
        else:
            ran = subprocess.run(
                ["bash", "-c", line],
                cwd=self._here,
                env={**self._shell_environ(), **self.environ},
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            ended, said = ran.returncode, ran.stdout + ran.stderr
        self.said += said
        assert ended == code, f"{where}\nended with {ended}, not {code}\n{said}"

    def _point_at_sandbox(self) -> None:
        """What a command wrote of the real workspace becomes the sandbox's."""
        for path in self._here.rglob("*.yaml"):
            text = path.read_text("utf-8")
            ours = self._here_and_now(text)
            if ours != text:
                path.write_text(ours, "utf-8")

    def _shell_environ(self) -> Mapping[str, str]:
        return {
            "PATH": f"{self._tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONUTF8": "1",
        }

    def _read(self, line: str, where: str) -> None:
        """A command that can't be run here has at least the options that it is given."""
        words = shlex.split(line, comments=True)
        if words[:1] != ["reconciler"]:
            return
        names = []
        for word in words[1:]:
            if not re.fullmatch(r"[a-z][a-z-]*", word):
                break
            names.append(word)
        helps = (
            run_anywhere(*names[:length], "--help", folder=self._here, environ={})
            for length in (2, 1)
        )
        shown = next((each for each in helps if each.code == 0), None)
        assert shown, where
        known = set(_FLAG.findall(shown.out))
        assert set(_FLAG.findall(line)) <= known, where


def _bare(text: str) -> list[str]:
    """The lines of a file without those that are comments alone."""
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def _is_said(line: str, said: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in re.split(r"\s*…\s*", line.strip()))
    pattern = re.sub(r"(\\ )+", r"\\s+", pattern)
    return any(re.search(pattern, each) for each in said.splitlines())


def _rename_space(walker: Walker, old: str, new: str) -> None:
    walker.workspace.rename_space(old, new)


def _enable_tool(walker: Walker, server: str, tool: str) -> None:
    setting = {"toolName": tool, "permission": "never_ask", "enabled": True}
    walker.workspace.set_tools(server, setting)


def _append(walker: Walker, path: str, *words: str) -> None:
    with (walker._here / path).open("a", encoding="utf-8") as file:
        file.write(" ".join(words) + "\n")


_DEEDS: Mapping[str, Callable[..., None]] = {
    "rename-space": _rename_space,
    "enable-tool": _enable_tool,
    "append": _append,
}
