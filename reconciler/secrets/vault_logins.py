"""Who we are at Vault: which way to sign in the environment asks for, never a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reconciler.secrets.secret import Secret
from reconciler.secrets.vault_addresses import is_header_text
from reconciler.secrets.vault_proofs import Proof, denied, read_file

SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path
"""Where Kubernetes mounts a pod's own token."""


class Method(StrEnum):
    """What VAULT_AUTH_METHOD may say: Vault's names, and the two kinds of JWT by their issuer."""

    TOKEN = "token"  # noqa: S105 - a word
    APPROLE = "approle"
    JWT = "jwt"
    GITHUB = "github"
    GITLAB = "gitlab"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """A token that somebody else got, and ends when they say."""

    proof: Proof

    @property
    def described(self) -> str:
        """Whose token it is, for messages."""
        return self.proof.source


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoleLogin:
    """A role id and a secret id.

    Parameters: `mount` is where the method is mounted; `wrapped_at` says that the secret id is a
    wrapping token, which was made at this path of Vault's API.
    """

    mount: str
    role_id: Proof
    secret_id: Proof
    wrapped_at: str | None = None

    @property
    def described(self) -> str:
        """Whose token it is, for messages."""
        return f"the AppRole login at `auth/{self.mount}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubTokens:
    """The service that gives a job of GitHub Actions its id token.

    Parameters: `url` and `token` are ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN, `audience` is for
    whom the token is to be (GitHub's own default when None).
    """

    url: str
    token: Secret
    audience: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtLogin:
    """A signed token of somebody whom Vault trusts (a CI, a Kubernetes), and the role to take.

    Parameters: `role` is "" for the default role of the mount; `proof` is the token, or the
    service that gives it.
    """

    mount: str
    role: str
    proof: Proof | GitHubTokens

    @property
    def described(self) -> str:
        """Whose token it is, for messages."""
        role = f" with the role `{self.role}`" if self.role else ""
        return f"the login at `auth/{self.mount}`{role}"


Login = TokenLogin | AppRoleLogin | JwtLogin


def read_login(environ: Mapping[str, str]) -> Login:
    """The way to sign in that VAULT_AUTH_METHOD names, or the first that the environment has.

    In this order: VAULT_TOKEN; VAULT_ROLE_ID; VAULT_ID_TOKEN (as GitLab's jobs have it) or
    VAULT_ID_TOKEN_FILE; with VAULT_AUTH_ROLE, a job of GitHub Actions that may ask for its id
    token, or a pod's own token; ~/.vault-token. VAULT_AUTH_PATH is where the method is mounted,
    by default at its own name. Raises Trouble that says what was looked for.
    """
    text = environ.get("VAULT_AUTH_METHOD", "").strip().lower()
    if text and text not in {*Method}:
        known = ", ".join(Method)
        raise denied("VAULT_AUTH_METHOD names no known method", f"known ones are {known}")
    method = Method(text) if text else _detected(environ)
    match method:
        case Method.TOKEN:
            return TokenLogin(proof=_token(environ))
        case Method.APPROLE:
            return AppRoleLogin(
                mount=_mount(environ, "approle"),
                role_id=_proof(environ, "VAULT_ROLE_ID", method),
                secret_id=_proof(environ, "VAULT_SECRET_ID", method),
                wrapped_at=_get(environ, "VAULT_SECRET_ID_WRAPPING_PATH") or None,
            )
        case Method.JWT | Method.GITHUB | Method.GITLAB:
            return JwtLogin(
                mount=_mount(environ, "jwt"), role=_role(environ), proof=_jwt(environ, method)
            )
        case Method.KUBERNETES:
            path = _get(environ, "VAULT_KUBERNETES_TOKEN_FILE") or SERVICE_ACCOUNT_TOKEN
            if not _role(environ):
                raise denied(
                    "VAULT_AUTH_ROLE is not set", "set it to the role of the Kubernetes login"
                )
            return JwtLogin(
                mount=_mount(environ, "kubernetes"),
                role=_role(environ),
                proof=Proof(source="the token of the service account", path=path),
            )


def _detected(environ: Mapping[str, str]) -> Method:
    has = {name for name in environ if environ[name].strip()}
    if "VAULT_TOKEN" in has:
        return Method.TOKEN
    if has & {"VAULT_ROLE_ID", "VAULT_ROLE_ID_FILE"}:
        return Method.APPROLE
    if has & {"VAULT_ID_TOKEN", "VAULT_ID_TOKEN_FILE"}:
        return Method.JWT
    if "VAULT_AUTH_ROLE" in has:
        if has & {"ACTIONS_ID_TOKEN_REQUEST_URL", "GITHUB_ACTIONS"}:
            return Method.GITHUB
        if "KUBERNETES_SERVICE_HOST" in has:
            return Method.KUBERNETES
    return Method.TOKEN


def _jwt(environ: Mapping[str, str], method: Method) -> Proof | GitHubTokens:
    has_one = any(_get(environ, name) for name in ("VAULT_ID_TOKEN", "VAULT_ID_TOKEN_FILE"))
    if method is Method.GITLAB or (has_one and method is Method.JWT):
        return _proof(environ, "VAULT_ID_TOKEN", method)
    url = _get(environ, "ACTIONS_ID_TOKEN_REQUEST_URL")
    token = _get(environ, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if url and token:
        audience = _get(environ, "VAULT_AUTH_AUDIENCE") or None
        return GitHubTokens(url=url, token=Secret(token), audience=audience)
    if method is Method.GITHUB or _get(environ, "GITHUB_ACTIONS"):
        raise denied(
            "this job of GitHub Actions may not ask for an id token",
            "add `permissions: {id-token: write}` to the job",
        )
    return _proof(environ, "VAULT_ID_TOKEN", method)


def _proof(environ: Mapping[str, str], name: str, method: Method) -> Proof:
    text, path = environ.get(name, ""), _get(environ, f"{name}_FILE")
    if text.strip():
        return Proof(source=name, text=Secret(text))
    if path:
        return Proof(source=f"the file of {name}_FILE", path=path)
    advice = f"set {name}, or {name}_FILE to a file that holds it"
    if method in (Method.JWT, Method.GITLAB):
        advice = (
            f"set {name}, in GitLab with `id_tokens: {{{name}: {{aud: …}}}}` in the job, "
            f"or {name}_FILE to a file that holds it"
        )
    raise denied(f"the {method} login needs {name}, which is not set", advice)


def _token(environ: Mapping[str, str]) -> Proof:
    text = environ.get("VAULT_TOKEN", "")
    if text.strip():
        return Proof(source="VAULT_TOKEN", text=Secret(text))
    home = environ.get("HOME") or environ.get("USERPROFILE")
    path = Path(home) / ".vault-token" if home else None
    found = read_file(str(path), "~/.vault-token") if path is not None and _is_there(path) else ""
    if found.strip():
        return Proof(source="~/.vault-token", text=Secret(found))
    raise denied(
        "there is no Vault token, and no other way to sign in",
        "set VAULT_TOKEN, or run `vault login`, which writes ~/.vault-token",
        "in CI, set VAULT_AUTH_ROLE with `permissions: {id-token: write}` (GitHub) or "
        "`id_tokens: {VAULT_ID_TOKEN: …}` (GitLab), or VAULT_ROLE_ID and VAULT_SECRET_ID",
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return True  # so that reading it says what is wrong


def _mount(environ: Mapping[str, str], default: str) -> str:
    mount = _get(environ, "VAULT_AUTH_PATH").strip("/").removeprefix("auth/") or default
    if (
        not is_header_text(mount)
        or {".", "..", ""} & set(mount.split("/"))
        or set(mount) & {*"?#%"}
    ):
        raise denied("VAULT_AUTH_PATH is not the path of a mount", "e.g. jwt, or jwt/gitlab")
    return mount


def _role(environ: Mapping[str, str]) -> str:
    return _get(environ, "VAULT_AUTH_ROLE")


def _get(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()
