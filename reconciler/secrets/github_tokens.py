"""The id token of a job of GitHub Actions, from the service that only this job may ask."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from reconciler.diagnostics import Code
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.retrying import Retrying, seconds
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_addresses import is_guarded, is_header_text, proxy_to, unusable
from reconciler.secrets.vault_logins import GitHubTokens
from reconciler.secrets.vault_proofs import denied
from reconciler.secrets.vault_wire import exchange, json_object, open_session

_SERVICE = "GitHub's id token service"


def id_token(service: GitHubTokens, surroundings: Surroundings) -> Secret:
    """A fresh id token for the audience (GitHub documentation, "OpenID Connect reference").

    The request goes to the URL that the runner gave, and to nowhere else. Raises Trouble.
    """
    url = service.url
    parts = _parts(url)
    if parts is None or not is_header_text(url) or not is_header_text(service.token.reveal()):
        raise unusable(
            "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not an https URL "
            "and a token",
            "the runner sets them; don't set them yourself",
        )
    session = open_session(
        1, surroundings.environ.get("SSL_CERT_FILE") or True, None,
        proxy_to(parts, surroundings.environ),
    )  # fmt: skip

    def ask() -> Secret:
        response, content = exchange(
            lambda: session.get(
                url,
                params=None if service.audience is None else {"audience": service.audience},
                headers={
                    "Authorization": f"Bearer {service.token.reveal()}",
                    "Accept": "application/json",
                },
                timeout=surroundings.timeout,
                allow_redirects=False,
            ),
            _SERVICE,
            surroundings.timeout,
        )
        return _token(response.status_code, response.headers, content)

    try:
        return Retrying(surroundings).ask(ask)
    finally:
        session.close()


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        fine = bool(parts.hostname) and is_guarded(parts) and parts.username is None
    except ValueError:
        return None
    return parts if fine else None


def _token(status: int, headers: Mapping[str, str], content: bytes) -> Secret:
    if status in (401, 403):
        raise denied(
            f"{_SERVICE} denies this job a token ({status})",
            "add `permissions: {id-token: write}` to the job; jobs of forks get none",
        )
    if status == 429 or status >= 500:
        raise Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: {_SERVICE} failed to answer ({status})",
            "run the job again",
            passing=True,
            retry_after=seconds(headers.get("Retry-After")),
            everywhere=True,
        )
    value = (json_object(content) or {}).get("value") if status == 200 else None
    if not isinstance(value, str) or not value or not is_header_text(value):
        raise unusable(f"the answer of {_SERVICE} holds no token ({status})", "run the job again")
    return Secret(value)
