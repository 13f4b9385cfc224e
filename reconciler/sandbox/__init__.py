"""The embedded workspace: Dust's private API, as far as `reconciler` uses it, over SQLite.

A program of its own (`reconciler sandbox serve`, or `python -m reconciler.sandbox`): nothing else
in the package imports it but its command. It answers on loopback only, really connects to the MCP
servers that are added, and shows at `/` what was applied. Where versions of Dust differ it follows
the newest one known.

The seed file
-------------
JSON, read when the data is new. Only `workspaces`, their `name` and their `members` are required;
unknown keys are errors. E-mail addresses and names refer to what the same workspace defines, and
the space `company` stands for the whole workspace::

    {
      "workspaces": [{
        "sId": "acme", "name": "Acme",
        "region": "us-central1",                      // or europe-west1
        "ssoEnforced": false, "canUseProduct": true, "maxSpaces": null,
        "legacy": {"noBatchTools": false,             // PATCH …/tools answers 404
                   "olderMembersBody": false,         // …/members wants name and managementMode
                   "unboundFinalize": false},         // anybody finalizes any OAuth consent
        "members": [{"email": "ana@acme.example", "name": "Ana Diaz",
                     "role": "admin",                 // admin | builder | manager | user
                     "token": "any-bearer"}],         // made up when left out; never sk-…
        "groups": [{"name": "Finance team", "kind": "provisioned",   // or regular_manual
                    "members": ["ana@acme.example"]}],
        "spaces": [{"name": "Finance", "kind": "regular",            // or project
                    "restricted": true, "members": [], "groups": ["Finance team"]}],
        "servers": [{"url": "https://mcp.example/mcp", "name": "mcp", "description": null,
                     "icon": "ActionCommand1Icon", "bearer": null, "headers": {},
                     "viewName": null, "viewDescription": null, "spaces": ["Finance"],
                     "tools": [{"name": "search", "description": "",
                                "inputSchema": {"type": "object"},
                                "stake": "low",       // null: no setting stored
                                "enabled": true}]}],  // servers of a seed are not contacted
        "internalServers": ["jira"],                  // built-in tools installed by hand
        "consents": [{"id": "con_ana", "user": "ana@acme.example", "provider": "mcp",
                      "accessToken": "…", "scope": "read", "finalized": true}],
        "usage": [{"url": "https://mcp.example/mcp", "agents": [{"sId": "a", "name": "Helper"}],
                   "skills": []}],
        "keys": [{"key": "sk-…", "name": "ci", "role": "builder"}]
      }],
      "tokens": [{"token": "old", "user": "ana@acme.example", "expired": true},
                 {"token": "nobody", "user": null}],  // a valid token that Dust doesn't know
      "catalogue": [{"id": 1, "name": "Preset", "description": "", "url": "http://127.0.0.1:1/mcp",
                     "icon": "ActionCommand1Icon", "authMethod": null, "scope": null,
                     "toolStakes": {"search": "never_ask", "delete_*": "high"}}]
    }

OAuth
-----
Consents are real: discovery registers a client, setup answers an authorization URL with PKCE, the
callback pages `/oauth/mcp/finalize` and `/oauth/mcp_static/finalize` are the sandbox's own (so an
OAuth app must allow `http://127.0.0.1:PORT/oauth/mcp_static/finalize`; give `--port`), tokens are
refreshed when they have run out. Finalize wants the session of the person who began and the nonce
cookie that setup gave, as the newest Dust does. Clients, verifiers and tokens are encrypted in the
data file; the key is in a file beside it (`FILE.key`), readable by its owner only.

A browser's session comes from `/login`, where a person enters their token once, or from the same
form on the callback page. The cookie is called `workos_session`, as in Dust.

Where it is knowingly simpler than Dust
---------------------------------------
* Tokens of a seed are random texts in a table; those of people who sign in by device login (client
  id `client_sandbox`) are JWTs of the sandbox's own key. Who signs in there is picked from a list,
  without a password.
* A browser's session is a token's, never made through SSO, so
  a workspace that enforces SSO takes no cookie at all. Cookies don't tell ports apart: other
  servers on this machine that the browser visits are sent them too.
* Bearer secrets and custom headers of servers, and people's tokens, lie in clear in the data file,
  which only its owner may read.
* Callbacks are on the sandbox's address, whatever the workspace's region.
* Clients are registered, never named by a client-id metadata document: no authorization server
  could fetch one from loopback. They register as native applications for the same reason.
* Discovery refuses what Dust's own may let through: another issuer, no S256, resource metadata of
  another resource, endpoints that aren't https (or on loopback), redirects.
* `iss` of a callback isn't checked: a connection knows no issuer.
* A denied or failed consent stays pending. Lists of selectable scopes, and key pairs of built-in
  tools, don't exist.
* What finalize checks of the workspace is that its person is still a member.
* Agents, skills, data sources and apps don't exist: deleting a space is never blocked, what would
  break is not computed, `/mcp/usage` tells what the seed says.
* Deleting a space deletes its views at once; in Dust a background job does so a little later.
* No daily sync: names and tools change when somebody calls sync. No audit log, e-mails or locks
  across processes; handlers run one after the other.
* Proxies are not honoured; of what an MCP server says, name, version, description and tools are
  kept, its own icon is not.
* URLs are checked on create too, where Dust relies on its egress proxy. The address is resolved
  again on connecting.
* The catalogue has short descriptions of ours, and stakes for two entries; the built-in tools are
  a handful. Where Dust keeps stakes by tool name, ours may be patterns.
* Any member lists all servers (without the views of spaces they can't read), and `role=admin`
  lists all spaces for everybody, as in the version of Dust that was read.
* The groups of a space are those attached to it; its backing group shows in `groupIds` only.
* Not there: members of spaces in the public API, joining and leaving spaces, API key management,
  rate and body limits, `X-Dust-*` headers, `workspace_in_different_region`.
"""

from reconciler.sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "serve"]


def serve(settings: SandboxSettings) -> int:
    """Run the sandbox until SIGINT or SIGTERM; the process's exit code.

    Imports what it needs only now: the command line must not pay for a web server.

    Args:
        settings: where it listens and keeps its data.

    Returns:
        0 when it was told to stop; 1 when the port is taken or the seed or data file can't be
        used, which it reports on stderr.
    """
    from reconciler.sandbox.server import run

    return run(settings)
