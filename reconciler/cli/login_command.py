"""`reconciler login`, `logout` and `whoami`."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    RunFlags,
    files_option,
    output_option,
    read_context,
    run_with,
    workspace_option,
)
from reconciler.diagnostics import printable

if TYPE_CHECKING:
    from reconciler.providers.dust.signin.login_client import Grant
    from reconciler.workflows import Context, Options

_LONGEST = 64 * 1024
_FLAGS = RunFlags(timeout=30.0, parallelism=4, allow=frozenset())

_url = click.option(
    "--url",
    metavar="URL",
    help="The address of a sandbox or a proxy, as `url` in the Workspace manifest.",
)
_region = click.option(
    "--region", type=click.Choice(["us", "eu"]), help="Where Dust hosts the workspace."
)


def _login_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options that say where to sign in, gathered into a `Wish`."""

    @_url
    @_region
    @click.option(
        "--domain",
        metavar="URL",
        envvar="DUST_LOGIN_DOMAIN",
        show_envvar=True,
        help="The identity provider. Default: api.workos.com; for a sandbox, its --url.",
    )
    @click.option(
        "--client-id",
        metavar="ID",
        envvar="DUST_LOGIN_CLIENT_ID",
        show_envvar=True,
        help="The OAuth client id there. Default: that of the last sign-in.",
    )
    @click.option(
        "--claim-namespace",
        metavar="URL",
        envvar="DUST_LOGIN_CLAIM_NAMESPACE",
        show_envvar=True,
        default="https://dust.tt/",
        show_default=True,
        help="What the names of the platform's claims in an access token start with.",
    )
    @wraps(function)
    def gathered(
        *args: Any,
        url: str | None,
        region: str | None,
        domain: str | None,
        client_id: str | None,
        claim_namespace: str,
        **kwargs: Any,
    ) -> int:
        from reconciler.workflows.signing_in import Wish

        if url and region:
            raise click.UsageError("give --url or --region, not both")
        wish = Wish(
            url=url,
            region=region,
            domain=domain,
            client_id=client_id,
            namespace=claim_namespace,
        )
        return function(*args, wish=wish, **kwargs)

    return gathered


_store = click.option(
    "--store",
    is_flag=True,
    help="For pipelines: the session that the Workspace of -f keeps (`credentials.session`).",
)


@click.command()
@_login_options
@_store
@files_option
@workspace_option
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option(
    "--token-stdin",
    is_flag=True,
    help="Store the access token given on stdin instead; it can't be renewed. With --store, the "
    "JSON of a token endpoint's answer, with both tokens.",
)
@output_option
@click.pass_obj
def login(
    console: Console,
    *,
    wish: Any,
    store: bool,
    files: tuple[Path, ...],
    workspace: str | None,
    no_browser: bool,
    token_stdin: bool,
    output: str,
) -> int:
    """Sign in as a workspace administrator, for manifests without `credentials.accessToken`.

    Prints an address and a code, opens the browser, and waits until you approve. What it gets is
    kept in the operating system's keyring when there is one (extra `keyring`), else in a file
    that only you can read, and is renewed by itself.

    With --store it is kept where the Workspace manifest says (`credentials.session`), for
    pipelines: in Vault, or encrypted beside the state. Whoever runs the tool there renews it and
    writes it back.
    """
    console.json = output == "json"
    _check_store(store, files, workspace, wish.url or wish.region)
    if store:
        context = read_context(console, files, workspace, _FLAGS)
        return _login_to_store(
            console, wish, context, browser=not no_browser, token_stdin=token_stdin
        )
    from reconciler.views import identities_json, identities_text
    from reconciler.workflows import as_stops
    from reconciler.workflows.signing_in import sign_in, take_token

    options = _options(console)
    with as_stops():
        if token_stdin:
            identity = take_token(wish, _token(), options)
        else:
            show = _guide(console, browser=not no_browser)
            identity = sign_in(wish, options, show=show)
    console.made = True
    if console.json:
        console.value(identities_json([identity]))
    else:
        console.talk("signed in")
        console.data(identities_text([identity], console.out))
    return 0


def _login_to_store(
    console: Console, wish: Any, context: "Context", *, browser: bool, token_stdin: bool
) -> int:
    from reconciler.views import identities_json, identities_text
    from reconciler.workflows import as_stops
    from reconciler.workflows.storing_sessions import store_session, store_tokens

    with as_stops():
        if token_stdin:
            identity, needs = store_tokens(context, wish, _token())
        else:
            show = _guide(console, browser=browser)
            identity, needs = store_session(context, wish, show=show)
    console.made = True
    if console.json:
        console.value(identities_json([identity]))
        return 0
    console.talk(f"stored the session in {printable(identity.source)}")
    console.data(identities_text([identity], console.out))
    console.data("a pipeline that uses it needs\n")
    for line in needs:
        console.data(f"  - {printable(line)}\n")
    return 0


def _check_store(
    store: bool, files: tuple[Path, ...], workspace: str | None, elsewhere: str | None
) -> None:
    if store and elsewhere:
        raise click.UsageError(
            "--store takes the address from the manifests: no --url, --region or --email"
        )
    if not store and (files or workspace):
        raise click.UsageError("--file and --workspace go with --store")


@click.command()
@_url
@_region
@click.option("--email", metavar="EMAIL", help="Only the sign-in of this person.")
@_store
@files_option
@workspace_option
@output_option
@click.pass_obj
def logout(
    console: Console,
    *,
    url: str | None,
    region: str | None,
    email: str | None,
    store: bool,
    files: tuple[Path, ...],
    workspace: str | None,
    output: str,
) -> int:
    """Forget stored sign-ins: all, or those for an address or of a person.

    With --store, the session that the Workspace manifest keeps for pipelines, and no other.
    """
    console.json = output == "json"
    from reconciler.workflows import as_stops
    from reconciler.workflows.signing_in import Wish, sign_out

    if url and region:
        raise click.UsageError("give --url or --region, not both")
    _check_store(store, files, workspace, url or region or email)
    with as_stops():
        if store:
            from reconciler.workflows.storing_sessions import end_session

            ended = end_session(read_context(console, files, workspace, _FLAGS))
            gone = [] if ended is None else [ended]
        else:
            gone = sign_out(Wish(url=url, region=region), _options(console), email=email)
    console.made = bool(gone)
    if console.json:
        removed = [{"url": record.url, "email": record.email} for record in gone]
        console.value({"format": "reconciler.logout/v1", "removed": removed})
        return 0
    for record in gone:
        console.data(printable(f"signed out: {record.email} at {record.url}"))
    if not gone:
        console.talk("nobody was signed in")
    return 0


@click.command()
@files_option
@workspace_option
@_url
@_region
@output_option
@click.pass_obj
def whoami(
    console: Console,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    url: str | None,
    region: str | None,
    output: str,
) -> int:
    """Show who is signed in, in which workspaces with which role, and until when.

    With -f, who the workspace of the manifests would be managed as. Exits 1 when nobody is
    signed in.
    """
    console.json = output == "json"
    if (url and region) or (files and (url or region)):
        raise click.UsageError("give one of --file, --url and --region")
    from reconciler.views import identities_json, identities_text
    from reconciler.workflows import as_stops
    from reconciler.workflows.signing_in import Wish, who_applies, who_is_signed_in

    with as_stops():
        if files:
            found = [who_applies(read_context(console, files, workspace, _FLAGS))]
        else:
            found = who_is_signed_in(Wish(url=url, region=region), _options(console))
    if console.json:
        console.value(identities_json(found))
    else:
        console.data(identities_text(found, console.out))
    return 0 if any(not each.problem for each in found) else 1


def _options(console: Console) -> "Options":
    return run_with(console, _FLAGS)


def _guide(console: Console, *, browser: bool) -> "Callable[[Grant], None]":
    from reconciler.cli.browser import open_page

    def show(grant: "Grant") -> None:
        page = grant.verification_complete or grant.verification
        console.show(
            f"to sign in, open  {printable(page)}\n"
            f"and check the code {console.err.bold(printable(grant.user_code))}"
        )
        if browser and open_page(page):
            console.step("told the browser to open it")
        console.step("waiting until you approve (Ctrl-C to give up)")

    return show


def _token() -> Any:
    from reconciler.secrets import Secret
    from reconciler.workflows import Exit, Stop

    if sys.stdin.isatty():
        text = click.prompt("Access token", hide_input=True, err=True)
    else:
        text = sys.stdin.read(_LONGEST)
    token = text.strip()
    if not token:
        raise Stop(
            Exit.USAGE,
            "no access token came on stdin",
            help=("pipe one in: `… | reconciler login --token-stdin`",),
        )
    return Secret(token)
