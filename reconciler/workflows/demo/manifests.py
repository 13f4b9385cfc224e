"""The manifests that the demo writes: two spaces, five servers, five ways in."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

_WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {{name: demo}}
spec:
  provider: dust
  workspaceId: {workspace_id}
  url: {url}                       # a real workspace says `region: us` or `region: eu`
  credentials:
    accessToken: {{env: DUST_ACCESS_TOKEN}}
  state: {{path: .reconciler/demo.json}}
  guards: {{maxDeletes: 5}}
"""

_SPACES = """\
apiVersion: reconciler/v1
kind: Space
metadata: {{name: support}}
spec:
  displayName: Customer support
  access: open
---
apiVersion: reconciler/v1
kind: Space
metadata: {{name: finance}}
lifecycle: {{protect: true}}         # never deleted, even if this manifest is
spec:
  displayName: Finance
  access: restricted
  members: [ana@acme.example, ben@acme.example]
  groups: [Finance team]
"""

_HANDBOOK = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {{name: handbook}}
spec:
  url: {handbook}
  displayName: Handbook
  description: What the company expects and offers
  icon: ActionBookOpenIcon
  spaces: [company]                # the whole workspace
  auth: {{mode: none}}
  tools:
    default: {{stake: never_ask}}
"""

_DESK = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {{name: desk}}
spec:
  url: {desk}
  displayName: Ticket desk
  description: Tickets of the help desk
  icon: ActionCustomerServiceIcon
  spaces: [finance]
  auth:
    mode: bearer
    token: {{env: DESK_TOKEN}}
  tools:
    default: {{stake: low}}
    create_ticket: {{stake: medium}}
    delete_ticket: {{enabled: false}}
"""

_WAREHOUSE = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {{name: warehouse}}
spec:
  url: {warehouse}
  displayName: Warehouse
  description: Orders and people
  icon: ActionDatabaseIcon
  spaces: [finance]
  auth: {{mode: none}}
  headers:
    X-Team: {{literal: platform}}
    X-Api-Key: {{env: WAREHOUSE_KEY}}
  tools:
    default: {{stake: high}}
    list_tables: {{stake: never_ask}}
"""

_CALENDAR = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {{name: calendar}}
spec:
  url: {calendar}
  displayName: Calendar
  description: What happens when
  icon: ActionTimeIcon
  spaces: [support]
  auth:
    mode: automatic                # all is discovered; a client registers itself
    scopes: [events.read, events.write]   # fewer than the server offers
  tools:
    default: {{stake: low}}
    list_events: {{stake: never_ask}}
"""

_BILLING = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {{name: billing}}
spec:
  url: {billing}
  displayName: Billing
  description: Invoices and payments
  icon: ActionBankIcon
  spaces: [finance]
  auth:
    mode: static-oauth             # an app that somebody registered by hand
    clientId: acme-workspace
    clientSecret: {{env: BILLING_CLIENT_SECRET}}
    authorizationEndpoint: {billing_origin}/authorize
    tokenEndpoint: {billing_origin}/token
    tokenEndpointAuthMethod: client_secret_post
    scopes: [invoices.read]
  tools:
    default: {{stake: high}}
    cancel_invoice: {{enabled: false}}
"""

_FILES = {
    "workspace.yaml": _WORKSPACE,
    "spaces.yaml": _SPACES,
    "servers/handbook.yaml": _HANDBOOK,
    "servers/desk.yaml": _DESK,
    "servers/warehouse.yaml": _WAREHOUSE,
    "servers/calendar.yaml": _CALENDAR,
    "servers/billing.yaml": _BILLING,
}


def write_manifests(
    folder: Path, *, url: str, workspace_id: str, servers: Mapping[str, str]
) -> None:
    """Write the files into `folder`; `servers` has the URL of each server."""
    billing = urlsplit(servers["billing"])
    origin = f"{billing.scheme}://{billing.netloc}"
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text.format(url=url, workspace_id=workspace_id, billing_origin=origin, **servers)
        path.write_text(filled, encoding="utf-8")
