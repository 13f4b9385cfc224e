"""Schemes of somebody else's package, really installed; a bad one fails and never crashes us."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.parts.keeper_plugin import ENTRY_POINTS, install

ASK = """
import json, sys
from reconciler.diagnostics import render_text
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, Secret

wanted = [SecretRef("plugin", place) for place in json.loads(sys.argv[1])]
with Resolver(environ={"KEEPER_TOKEN": "canary-2"}) as resolver:
    found = resolver.resolve(wanted)
print(json.dumps({
    reference.locator: ["found", one.reveal()] if isinstance(one, Secret) else
        [one.code.value, render_text([one.to_diagnostic(None, "MCPServer/x")])]
    for reference, one in found.items()
}))
"""
SAID = {
    "keeper:secret-missing": "the plugin `keeper` has no such secret",
    "keeper:secret-empty": "the plugin `keeper` holds nothing at this place",
    "keeper:secret-denied": "the plugin `keeper` denies it",
    "keeper:secret-malformed": "the plugin `keeper` can't use what is there",
    "keeper:secret-unreachable": "the plugin `keeper` can't be reached",
    "keeper:line break": "ends with a line break",
    "keeper:text": "answered with neither a secret nor a failure",
    "keeper:nothing": "answered with neither a secret nor a failure",
    "keeper:other code": "answered with neither a secret nor a failure",
    "keeper:raises": "the plugin `keeper` failed unexpectedly",
    "keeper:exits": "the plugin `keeper` failed unexpectedly",
    "absent:a": "the plugin `absent` of `keeper-plugin` can't be used",
    "raises-at-import:a": "of `keeper-plugin` can't be used",
    "no-such-name:a": "of `keeper-plugin` can't be used",
    "raises-when-made:a": "of `keeper-plugin` can't be used",
    "exits-when-made:a": "of `keeper-plugin` can't be used",
    "no-backend:a": "of `keeper-plugin` can't be used",
    "twice:a": "keep one of `keeper-plugin`, `second-plugin`",
    "unknown:a": "no plugin for `unknown` is installed",
    "vault:a": "`vault` is built in",
    "keeper": "is not of the form `scheme:place`",
    "keeper:": "is not of the form `scheme:place`",
    ":a": "is not of the form `scheme:place`",
}
FOUND = {"keeper:a b/c#d:e": "canary-1", "keeper:environ": "canary-2"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[str, str]]:
    """What a program with the plugins on its path says of each place; it prints nothing else."""
    target = tmp_path_factory.mktemp("plugins") / "site"
    install(target, "keeper-plugin", ENTRY_POINTS)
    install(target, "second-plugin", {"twice": "keeper_plugin.keeper:Keeper"})
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps([*SAID, *FOUND])],
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {place: (kind, text) for place, (kind, text) in json.loads(done.stdout).items()}


@pytest.mark.parametrize(("place", "value"), FOUND.items())
def test_an_installed_plugin_is_asked_for_the_place_behind_its_scheme(
    answers: Mapping[str, tuple[str, str]], place: str, value: str
) -> None:
    assert answers[place] == ("found", value)


@pytest.mark.parametrize(("place", "said"), SAID.items())
def test_what_a_plugin_does_wrong_is_a_failure_in_our_words(
    answers: Mapping[str, tuple[str, str]], place: str, said: str
) -> None:
    kind, text = answers[place]
    assert kind.startswith("secret-")
    assert said in text
    assert "canary" not in text
    assert "Traceback" not in text


def test_a_code_of_a_plugin_is_kept(answers: Mapping[str, tuple[str, str]]) -> None:
    codes = [place for place in SAID if place.startswith("keeper:secret-")]
    assert [answers[place][0] for place in codes] == [place[len("keeper:") :] for place in codes]
