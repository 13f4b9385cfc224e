"""Signing in to Dust: device login, the stored session, and its renewal.

What is kept where
------------------
A session belongs to one address of the workspace API (`https://dust.tt`, `https://eu.dust.tt`, or
the `url:` of a sandbox or a proxy) and one person, and is kept under both. Its access token is sent
to that address and to no other, and its refresh token to the identity provider that gave it, so
that a manifest that names another host gets no token. Where one address has the sessions of several
people, a workspace gets that of its member; the latest when several are, or none is.

A session for pipelines (`lasting`) is kept where the manifest says, in Vault or beside the state
(the two `Keeper`s), for one address and the workspaces of its person.
"""

from reconciler.providers.dust.signin.account import Account, Place, read_account
from reconciler.providers.dust.signin.claims import Claims, read_claims
from reconciler.providers.dust.signin.device_flow import device_login
from reconciler.providers.dust.signin.folder import sessions_folder
from reconciler.providers.dust.signin.keepers import Keeper, KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.keeping import SessionStore
from reconciler.providers.dust.signin.kept_session import Ended, KeptSession, Renewing, Why
from reconciler.providers.dust.signin.lasting import KeptSignIn, Use
from reconciler.providers.dust.signin.leases import Pace
from reconciler.providers.dust.signin.provider_address import (
    DEFAULT_NAMESPACE,
    DEFAULT_ORIGIN,
    LoginProvider,
    normal_url,
    region_of_claim,
)
from reconciler.providers.dust.signin.record import SignIn, Tokens
from reconciler.providers.dust.signin.stored import StoredSignIn

__all__ = [
    "DEFAULT_NAMESPACE",
    "DEFAULT_ORIGIN",
    "Account",
    "Claims",
    "Ended",
    "Keeper",
    "KeeperTrouble",
    "KeptSession",
    "KeptSignIn",
    "LoginProvider",
    "Overtaken",
    "Pace",
    "Place",
    "Renewing",
    "SessionStore",
    "SignIn",
    "StoredSignIn",
    "Tokens",
    "Use",
    "Why",
    "device_login",
    "normal_url",
    "read_account",
    "read_claims",
    "region_of_claim",
    "sessions_folder",
]
