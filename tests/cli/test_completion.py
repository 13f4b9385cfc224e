"""Real shells complete our commands: bash, zsh and fish, each in its own way."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.completing import adoptable_addresses, known_addresses
from reconciler.cli.completion_command import completion
from reconciler.resources import Address
from reconciler.state import Entry, FileStore
from tests.parts.peers import need_program
from tests.parts.terminal import Terminal
from tests.state.stores import OWNER

_MANIFESTS = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec: {provider: dust, workspaceId: w0, region: eu}
---
apiVersion: reconciler/v1
kind: Space
metadata: {name: finance}
spec: {access: restricted}
---
apiVersion: reconciler/v1
kind: MCPServer
metadata: {name: github}
spec: {url: not yet}
"""
_WORDS = {
    "commands": ("pl", {"plan"}),
    "options": ("plan --detailed", {"--detailed-exitcode"}),
    "choices": ("plan --output ", {"text", "json"}),
    "subcommands": ("state l", {"list"}),
    "addresses": ("plan --target ", {"Space/finance", "MCPServer/github", "Space/old"}),
    "owned addresses": ("forget Sp", {"Space/old"}),
    "addresses to adopt": ("adopt ", {"Space/finance", "MCPServer/github"}),
    "workspaces": ("plan --workspace a", {"acme"}),
    "gates": ("plan --allow lower", {"lower-stake"}),
    "topics": ("explain MCPServer.spec.auth.tokenE", None),
    "files": ("show tools.p", {"tools.plan"}),
    "joined choices": ("plan --output=j", {"json"}),
    "joined addresses": ("plan --target=", {"Space/finance", "MCPServer/github", "Space/old"}),
    "a joined address": ("plan --target=MCPServer/gi", {"MCPServer/github"}),
    "joined files": ("graph --plan=tools.p", {"tools.plan"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with manifests, a state and a saved plan."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "all.yaml").write_text(_MANIFESTS)
    (folder / "tools.plan").write_text("{}")
    store = FileStore(folder / ".reconciler/acme.json", provider="dust", workspace_id="w0")
    with store.session(owner=OWNER, tool="test") as session:
        session.put(Address("Space", "old"), Entry(remote_id="spc_1"))
    return folder


def _environ(folder: Path) -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {"PATH": f"{scripts}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}


def _said(command: list[str], folder: Path) -> dict[str, set[str]]:
    """What a script printed: `word:` lines, each followed by what was offered."""
    done = subprocess.run(
        command, cwd=folder, env=_environ(folder), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found: dict[str, set[str]] = {}
    offered: set[str] = set()
    for line in done.stdout.splitlines():
        if line.startswith("# "):
            offered = found.setdefault(line[2:], set())
        elif line:
            offered.add(line.split("\t")[0])
    return found


_JOINED = ("joined choices", "joined addresses", "a joined address", "joined files")


@pytest.fixture(scope="module")
def bash(folder: Path) -> dict[str, set[str]]:
    """What bash's completion function offers for each of `_WORDS`."""
    lines = [
        'eval "$(reconciler completion bash)"',
        'compopt() { [[ $2 == default ]] && COMPREPLY=($(compgen -f -- "$END")); }',
        "function=$(complete -p reconciler | sed 's/.*-F \\([^ ]*\\).*/\\1/')",
    ]
    for name, (words, _) in _WORDS.items():
        end = re.split("[ =:]", words)[-1]
        lines += [
            f"COMP_LINE='reconciler {words}'; COMP_POINT=${{#COMP_LINE}}; END='{end}'",
            "COMPREPLY=()",
            f"$function reconciler \"$END\" ''; echo '# {name}'",
            "printf '%s\\n' \"${COMPREPLY[@]}\"",
        ]
    return _said([need_program("bash"), "--norc", "-c", "\n".join(lines)], folder)


@pytest.fixture(scope="module")
def fish(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What `complete -C` of fish offers for each of `_WORDS`."""
    lines = ["reconciler completion fish | source"]
    for name, (words, _) in _WORDS.items():
        lines += [f"echo '# {name}'", f"complete -C 'reconciler {words}'"]
    program = need_program("fish")
    return _said([program, "--no-config", "-c", "\n".join(lines)], folder)


@pytest.mark.parametrize("name", _WORDS)
def test_bash_completes(name: str, bash: dict[str, set[str]]) -> None:
    _, expected = _WORDS[name]
    assert bash[name] == (expected or {"MCPServer.spec.auth.tokenEndpoint", _METHOD})


@pytest.mark.parametrize("name", _WORDS)
def test_fish_completes(name: str, fish: dict[str, set[str]]) -> None:
    words, expected = _WORDS[name]
    if expected and name in _JOINED:
        option = words.split()[-1].partition("=")[0]
        expected = {f"{option}={value}" for value in expected}
    assert fish[name] == (expected or {"MCPServer.spec.auth.tokenEndpoint", _METHOD})


_METHOD = "MCPServer.spec.auth.tokenEndpointAuthMethod"


def test_zsh_completes_at_its_prompt(folder: Path) -> None:
    program = need_program("zsh")
    start = (
        "autoload -Uz compinit && compinit -u -D && PS1='> ' && "
        'eval "$(reconciler completion zsh)" && echo rea""dy'
    )
    with Terminal(
        [program, "-f", "-i"], columns=100, folder=folder, environ=_environ(folder)
    ) as shell:
        shell.enter(start + "\n")
        shell.wait_for("ready")
        shell.enter("reconciler sho\t")
        shell.wait_for("> reconciler show")
        shell.enter("tools.p\t")
        shell.wait_for("> reconciler show tools.plan")
        shell.enter("\x15reconciler plan --target MCPS\t")
        shell.wait_for("> reconciler plan --target MCPServer/github")
        shell.enter("\x15reconciler plan --outp\t\t")
        shell.wait_for("> reconciler plan --output")
        shell.enter("\x15reconciler plan --target=Space/fi\t")
        shell.wait_for("> reconciler plan --target=Space/finance")
        shell.enter("\x15reconciler graph --plan=tools.p\t")
        shell.wait_for("> reconciler graph --plan=tools.plan")
        shell.enter("\x15exit\n")


def test_bash_completes_at_its_prompt(folder: Path) -> None:
    program = need_program("bash")
    start = "PS1='> '; bind 'set enable-bracketed-paste off'; "
    start += 'eval "$(reconciler completion bash)" && echo rea""dy'
    with Terminal(
        [program, "--norc", "-i"], columns=100, folder=folder, environ=_environ(folder)
    ) as shell:
        shell.enter(start + "\n")
        shell.wait_for("ready")
        for typed, completed in (
            ("plan --target=Spa\tfi", "plan --target=Space/fi"),
            ("plan --target=Space/fi", "plan --target=Space/finance"),
            ("plan --target MCPS", "plan --target MCPServer/github"),
            ("plan --target=Space/finance --output=js", "--target=Space/finance --output=json"),
            ("graph --plan=tools.p", "graph --plan=tools.plan"),
            ("plan --allow=lower", "plan --allow=lower-stake"),
        ):
            shell.enter(f"\x15reconciler {typed}\t")
            shell.wait_for(completed)
        shell.enter("\x15exit\n")


def test_fish_completes_at_its_prompt(folder: Path) -> None:
    program = need_program("fish")
    environ = {**_environ(folder), "XDG_CONFIG_HOME": str(folder), "fish_greeting": ""}
    with Terminal([program, "--private"], columns=100, folder=folder, environ=environ) as shell:
        shell.enter("reconciler completion fish | source; and echo rea''dy\n")
        shell.wait_for("ready")
        shell.enter("reconciler plan --target=Space/fi\t")
        shell.wait_for("plan --target=Space/finance")
        shell.enter("\x15exit\n")


def test_a_damaged_state_leaves_what_the_manifests_declare(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(_MANIFESTS)
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler/acme.json").write_text("{")
    context = completion.make_context("completion", [], resilient_parsing=True)
    context.params["files"] = (tmp_path,)
    found = known_addresses(context, completion.params[0], "")
    assert [item.value for item in found] == ["MCPServer/github", "Space/finance"]


@pytest.mark.parametrize(
    "spoilt", ["[", "kind: Space\nmetadata: 3\n", "\x00", "kind: Workspace\nmetadata: {name: a}\n"]
)
def test_a_fault_nearby_is_met_with_silence(spoilt: str, tmp_path: Path) -> None:
    (tmp_path / "spoilt.yaml").write_text(spoilt)
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler/a.json").write_text("{")
    context = completion.make_context("completion", [], resilient_parsing=True)
    context.params["files"] = (tmp_path,)
    for complete in (known_addresses, adoptable_addresses):
        found = complete(context, completion.params[0], "")
        assert found == []
