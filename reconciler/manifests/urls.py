"""Which rule a URL breaks, in words."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.manifests.credentials import is_credential
from reconciler.resources import STATE_SCHEMES

_MAX = 2048
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SECRET = re.compile(r"passw|secret|token|signature|^sig$|(?<!ssl)key$", re.IGNORECASE)
_LOOPBACK = re.compile(r"localhost\Z|127(?:\.[0-9]{1,3}){3}\Z|\[::1\]\Z")


@dataclass(frozen=True, slots=True)
class UrlProblem:
    """The rule, what to do, and whether the URL carries a secret."""

    message: str
    help: tuple[str, ...] = ()
    secret: bool = False


_SECRET_IN_STATE_URL = UrlProblem(
    "carries a credential",
    (
        "give it in `spec.state.credentials`, as a reference such as {env: NAME}",
        "rotate the credential: it may have been committed",
    ),
    secret=True,
)


def url_problem(url: str) -> UrlProblem | None:
    """The first rule that `url` breaks, or None: the rules of `WebUrl`, and two more.

    The two that its pattern can't say: a port is at most 65535, and no part of the URL looks
    like a credential.
    """
    scheme = _SCHEME.match(url)
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return UrlProblem("has white space in it", ("write spaces inside a URL as %20",))
    if not scheme or not url[scheme.end() :].startswith("//"):
        return UrlProblem("has no scheme", ("write the whole URL, starting with `https://`",))
    rest = url[scheme.end() + 2 :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, host_and_port = authority.rpartition("@")
    if at or "@" in user:
        return UrlProblem(
            "carries credentials before its host",
            (
                "take them out, and use `auth` or `headers` with a reference such as {env: NAME}",
                "rotate the credential: it may have been committed",
            ),
            secret=True,
        )
    return (
        _scheme_problem(scheme[1], host_and_port)
        or _host_problem(host_and_port)
        or _rest_problem(url)
        or _credential_problem(url)
    )


def state_url_problem(url: str) -> UrlProblem | None:
    """The first rule that the place of a state breaks, or None: the rules of `StateUrl`, and more.

    The more: a query that is known, and nothing in the URL that looks like a credential.
    """
    scheme, separator, rest = url.partition("://")
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return UrlProblem("has white space in it", ("write spaces inside a URL as %20",))
    if not separator or scheme not in STATE_SCHEMES:
        return UrlProblem(
            "is no place for a state",
            ("it begins with postgresql://, s3://, gs://, az:// or https://",),
        )
    authority, query = re.split(r"[/?#]", rest, maxsplit=1)[0], parse_qsl(urlsplit(url).query)
    user, at, host = authority.rpartition("@")
    postgres = scheme.startswith("postgres")
    if (at and (":" in user or not postgres)) or any(_SECRET.search(key) for key, _ in query):
        return _SECRET_IN_STATE_URL
    if any(is_credential(value) for _, value in query) or _credential_problem(url):
        return _SECRET_IN_STATE_URL
    if scheme.startswith("http"):
        address, _, fragment = url.partition("#")
        if fragment not in ("", "lock-methods"):
            return UrlProblem("has a fragment", ("only `#lock-methods` is one",))
        return url_problem(address)
    if not postgres:
        return _bucket_problem(scheme, host, query)
    return UrlProblem("has more than one `@`") if "@" in url.replace(f"{user}@", "", 1) else None


def _bucket_problem(scheme: str, host: str, query: list[tuple[str, str]]) -> UrlProblem | None:
    known = {"s3": ("region", "endpoint"), "gs": ("endpoint",), "az": ("account", "endpoint")}
    if not host or ":" in host:
        return UrlProblem("has no bucket", (f"write `{scheme}://bucket/key`",))
    for key, value in query:
        if key not in known[scheme]:
            return UrlProblem(
                "has something in its query that isn't known",
                (f"for `{scheme}` it takes {' and '.join(f'`{name}`' for name in known[scheme])}",),
            )
        problem = url_problem(value) if key == "endpoint" else None
        if problem is not None:
            return UrlProblem(f"has an `endpoint` that {problem.message}", problem.help)
    return None


def _scheme_problem(scheme: str, host_and_port: str) -> UrlProblem | None:
    if scheme == "https":
        return None
    if scheme.lower() in ("http", "https") and scheme != scheme.lower():
        return UrlProblem("has its scheme in capitals", (f"write `{scheme.lower()}://`",))
    if scheme != "http":
        return UrlProblem("doesn't start with https://", ("only https URLs are allowed",))
    host = re.sub(r":[0-9]*\Z", "", host_and_port)
    if _LOOPBACK.match(host):
        return None
    return UrlProblem(
        "uses plain http",
        ("use https; plain http is only for this machine (localhost, 127.0.0.1, [::1])",),
    )


def _host_problem(host_and_port: str) -> UrlProblem | None:
    host = re.sub(r":[^\]:]*\Z", "", host_and_port)
    port = host_and_port[len(host) + 1 :]
    if not host or host.startswith(":"):
        return UrlProblem("has no host")
    if not re.fullmatch(r"[^:\[\]\\]+|\[[0-9A-Fa-f:.]+\]", host):
        return UrlProblem("has a host that isn't one", ("an IPv6 address goes in [brackets]",))
    if host_and_port != host and (not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535):
        return UrlProblem("has a port that isn't one", ("a port is a number up to 65535",))
    return None


def _rest_problem(url: str) -> UrlProblem | None:
    if "#" in url:
        return UrlProblem("has a fragment", ("remove `#` and what follows: servers never see it",))
    if len(url) > _MAX:
        return UrlProblem(f"is too long ({len(url)} characters; {_MAX:,} at most)")
    return None


def _credential_problem(url: str) -> UrlProblem | None:
    parts = urlsplit(url)
    words = re.split(r"[/?&=;]", unquote(f"{parts.path}?{parts.query}"))
    if not any(is_credential(word) for word in words):
        return None
    return UrlProblem(
        "has something in it that looks like a credential",
        (
            "take it out, and use `auth` or `headers` with a reference such as {env: NAME}",
            "rotate the credential: it may have been committed",
        ),
        secret=True,
    )
