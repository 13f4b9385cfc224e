"""Secrets that the programs `op` and `sops` print; here they are scripts that behave as described.

`op` is 1Password's and needs an account; its exit codes and words are those of its documentation
and of reports about it.
"""

import os
import stat
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from reconciler.diagnostics import Code
from reconciler.secrets import Resolver, Secret, SecretFailure
from tests.secrets.outcomes import everything_said, failed, one, revealed

PLACE = "op://Platform/GitHub MCP/credential"

NO_VAULT = (
    f"[ERROR] 2026/11/25 14:03:01 could not read secret '{PLACE}': could not get item "
    'Platform/GitHub MCP: "Platform" isn\'t a vault in this account. Specify the vault with its ID.'
)


class Programs:
    """A folder of scripts that stands alone on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -IS\nimport os, sys, time\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def read(
        self,
        scheme: str = "op",
        locator: str = PLACE,
        *,
        timeout: float = 10.0,
        stop: Event | None = None,
        **environ: str,
    ) -> Secret | SecretFailure:
        whole = {"PATH": str(self.folder), **environ}
        with Resolver(environ=whole, timeout=timeout, stop=stop) as resolver:
            return one(resolver, scheme, locator)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


def refusal(found: Secret | SecretFailure) -> SecretFailure:
    assert "canary" not in everything_said(failed(found))
    return failed(found)


def says(text: str, code: int = 1) -> str:
    return f"sys.stderr.write({text!r}); sys.exit({code})"


def test_op_is_asked_for_the_reference_and_nothing_else(programs: Programs) -> None:
    programs.install(
        "op",
        f"assert sys.argv[1:] == ['read', '--no-newline', {PLACE!r}], sys.argv\n"
        "assert sys.stdin.read() == ''\n"
        "sys.stdout.write('canary-1')",
    )
    assert revealed(programs.read()) == "canary-1"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (NO_VAULT, Code.SECRET_MISSING),
        ('[ERROR] "canary" isn\'t an item in the "Platform" vault.', Code.SECRET_MISSING),
        ("[ERROR] item 'canary' does not have a field: \"x\" isn't a field", Code.SECRET_MISSING),
        ("[ERROR] You are not currently signed in. canary", Code.SECRET_DENIED),
        ("[ERROR] No accounts configured for use with 1Password CLI.", Code.SECRET_DENIED),
        ("[ERROR] (401) Unauthorized: canary", Code.SECRET_DENIED),
        ("[ERROR] canary: connection reset", Code.SECRET_UNREACHABLE),
        ('[ERROR] "not found" went wrong', Code.SECRET_UNREACHABLE),
        ("", Code.SECRET_UNREACHABLE),
    ],
)
def test_what_op_complains_about_is_told_and_not_quoted(
    programs: Programs, text: str, code: Code
) -> None:
    programs.install("op", says(text))
    assert refusal(programs.read()).code is code


def test_op_sees_its_own_variables_and_no_other_secret(programs: Programs) -> None:
    programs.install("op", "sys.stdout.write(','.join(sorted(os.environ)))")
    found = revealed(
        programs.read(
            OP_SERVICE_ACCOUNT_TOKEN="canary",
            OP_CONNECT_HOST="canary",
            HOME="/nonexistent",
            https_proxy="http://proxy.example",
            DUST_ACCESS_TOKEN="canary",
            VAULT_TOKEN="canary",
            AWS_SECRET_ACCESS_KEY="canary",
            LD_PRELOAD="canary",
        )
    )
    seen = set(found.split(",")) - {"LC_CTYPE"}  # which the script's own interpreter sets
    assert seen == {"HOME", "OP_CONNECT_HOST", "OP_SERVICE_ACCOUNT_TOKEN", "PATH", "https_proxy"}


def test_sops_sees_what_leads_to_its_keys_and_no_token_of_vault(programs: Programs) -> None:
    programs.install(
        "sops",
        "import json\n"
        "shown = ' '.join(f'{k}={v}' for k, v in sorted(os.environ.items()) if k != 'LC_CTYPE')\n"
        "sys.stdout.write(json.dumps({'seen': shown}))",
    )
    found = programs.read(
        "sops",
        "a.yaml#seen",
        SOPS_AGE_KEY="1",
        AWS_PROFILE="2",
        VAULT_TOKEN="canary",
        VAULT_ADDR="canary",
        DUST_ACCESS_TOKEN="canary",
    )
    path = programs.folder
    assert revealed(found) == (
        f"AWS_PROFILE=2 PATH={path} SOPS_AGE_KEY=1 SOPS_CONFIG=/dev/null VAULT_TOKEN=none-for-sops"
    )


@pytest.mark.parametrize(
    ("scheme", "locator", "word"), [("op", PLACE, "1Password CLI"), ("sops", "a#b", "SOPS 3.9")]
)
def test_a_program_that_is_not_installed_says_what_to_install(
    programs: Programs, scheme: str, locator: str, word: str
) -> None:
    found = refusal(programs.read(scheme, locator))
    assert (found.code, word in found.help[0]) == (Code.SECRET_UNREACHABLE, True)


def test_a_program_beside_the_manifests_is_not_run(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.install("op", "sys.stdout.write('planted')")
    monkeypatch.chdir(programs.folder)
    for path in ("", ".", ":", "./:"):
        assert "is not installed" in refusal(programs.read(PATH=path)).message


def test_a_program_that_can_t_be_started_is_told(programs: Programs) -> None:
    (programs.folder / "op").write_text("#!/nonexistent/interpreter\n")
    (programs.folder / "op").chmod(0o755)
    assert "can't be started" in refusal(programs.read()).message


def test_a_program_that_does_not_end_is_ended_with_what_it_started(programs: Programs) -> None:
    alive = programs.folder / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    programs.install("op", f"held = open({str(alive)!r}, 'w'); os.fork(); time.sleep(600)")
    assert "did not end within" in refusal(programs.read(timeout=0.2)).message
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "which is read once nobody has it open for writing"
    os.close(reader)


def test_an_interruption_ends_a_program(programs: Programs) -> None:
    started, stop = programs.folder / "started", Event()
    programs.install("op", f"open({str(started)!r}, 'w').close(); time.sleep(600)")

    def interrupt_once_it_runs() -> None:
        while not started.exists():
            stop.wait(0.005)
        stop.set()

    interrupting = Thread(target=interrupt_once_it_runs)
    interrupting.start()
    found = refusal(programs.read(stop=stop))
    interrupting.join()
    assert "interrupted" in found.message


def test_a_program_that_still_runs_at_the_end_is_ended(programs: Programs) -> None:
    alive = programs.folder / "alive"
    os.mkfifo(alive)
    programs.install("op", f"held = open({str(alive)!r}, 'w'); time.sleep(600)")
    resolver = Resolver(environ={"PATH": str(programs.folder)})
    asking = Thread(target=one, args=(resolver, "op", PLACE))
    asking.start()
    with alive.open("rb") as reader:  # which waits for the program to open it too
        resolver.close()
        assert reader.read() == b"", "which is read once the program is gone"
    asking.join()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_output_without_end_is_refused(programs: Programs, stream: str) -> None:
    programs.install("op", f"while True: sys.{stream}.write('canary' * 1024 * 1024)")
    assert "wrote more than a secret can be" in refusal(programs.read()).message


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (b"", Code.SECRET_EMPTY),
        (b"canary\n", Code.SECRET_MALFORMED),
        (b"canary\xff", Code.SECRET_MALFORMED),
    ],
)
def test_what_a_program_prints_is_checked_like_every_secret(
    programs: Programs, output: bytes, code: Code
) -> None:
    programs.install("op", f"sys.stdout.buffer.write({output!r})")
    assert refusal(programs.read()).code is code


@pytest.mark.parametrize("output", ["canary", "[1, 2]", "", '"canary"', "[" * 100_000, '{"a": 1}'])
def test_an_output_of_sops_that_holds_no_such_key_is_told(programs: Programs, output: str) -> None:
    programs.install("sops", f"sys.stdout.write({output!r})")
    assert refusal(programs.read("sops", "a.yaml#b")).code in (
        Code.SECRET_MALFORMED,
        Code.SECRET_MISSING,
    )


@pytest.mark.parametrize(("code", "kind"), [(2, Code.SECRET_DENIED), (77, Code.SECRET_MALFORMED)])
def test_other_exit_codes_of_sops_are_told(programs: Programs, code: int, kind: Code) -> None:
    programs.install("sops", says("canary", code))
    assert refusal(programs.read("sops", "a.yaml#b")).code is kind


@pytest.mark.parametrize(
    "locator",
    [
        "op://a/b",
        "a/b/c",
        "op://a/b/c/d/e",
        "--help",
        "op://a/b/c\n",
        "op://a//c",
        "op://a/b/c?d=e",
    ],
)
def test_what_is_no_reference_of_1password_never_reaches_op(
    programs: Programs, locator: str
) -> None:
    programs.install("op", "sys.stdout.write('planted')")
    found = failed(programs.read("op", locator))
    assert (found.code, "is not of the form" in found.message) == (Code.SECRET_MALFORMED, True)
