"""Who calls, and whether that person can manage the workspace: checked before anything else.

Dust API: for somebody who isn't an administrator the same condition is a 401, a 403 or a 500,
depending on the route, so that it is asked up front.
"""

from reconciler.providers.contract import Caller
from reconciler.providers.dust.sessions import ReadClient, WriteClient
from reconciler.providers.dust.wire import ME, Person
from reconciler.providers.failures import Forbidden

_MOST_SHOWN = 10


def check_access(client: ReadClient | WriteClient) -> Caller:
    """Who calls. Raises Forbidden when that person can't manage the workspace."""
    person = client.get_public("/api/v1/me", ME).user
    wanted = client.connection.workspace_id
    membership = next((each for each in person.workspaces if each.s_id == wanted), None)
    if membership is None:
        raise Forbidden(
            f"{person.email} is not a member of the workspace {wanted} at {client.connection.url}",
            call="GET /api/v1/me",
            help=(
                f"this access token belongs to {_workspaces(person)}",
                "check `workspaceId` and `region` in the Workspace manifest",
            ),
        )
    if membership.role != "admin":
        raise Forbidden(
            f"{person.email} has the role {membership.role} in {membership.name}, and managing "
            "spaces and MCP servers takes an administrator (role admin)",
            call="GET /api/v1/me",
            help=("store the access token of a workspace administrator, or have the role changed",),
        )
    return Caller(email=person.email, role=membership.role, workspace_name=membership.name)


def _workspaces(person: Person) -> str:
    names = [f"{each.name} ({each.s_id}, {each.role})" for each in person.workspaces]
    if not names:
        return "a person without any workspace in this region"
    more = len(names) - _MOST_SHOWN
    return "a member of " + ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" * (more > 0))
