"""Every scheme of manifests has a backend, a model and a way to say what is missing for it."""

import sys

import pytest

from reconciler.diagnostics import Code
from reconciler.resources import SCHEMES, SecretRef
from reconciler.secrets.registry import BACKENDS
from tests.secrets.outcomes import failed, outcome


def test_what_manifests_may_refer_to_can_be_read() -> None:
    assert set(SCHEMES) == set(BACKENDS)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_reference_goes_to_json_and_back(scheme: str) -> None:
    reference = SecretRef(scheme, "a/b#c")
    assert SecretRef.from_json(reference.to_json()) == reference


@pytest.mark.parametrize(
    ("scheme", "locator", "library"),
    [
        ("aws", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a", "boto3"),
        ("gcp", "projects/p/secrets/s", "google.cloud.secretmanager_v1"),
        ("azure", "acme-tools/a", "azure.keyvault.secrets"),
    ],
)
def test_a_missing_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, scheme: str, locator: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    found = failed(outcome(scheme, locator))
    assert found.code is Code.SECRET_UNREACHABLE
    assert found.help == (f"install it: pip install 'reconciler[{scheme}]'",)
