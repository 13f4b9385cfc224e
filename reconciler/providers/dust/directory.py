"""People and groups of the workspace, by the words that manifests use for them."""

from threading import Lock

from reconciler.providers.dust.live import ATTACHABLE
from reconciler.providers.dust.queries import query_of
from reconciler.providers.dust.sessions import ReadClient, WriteClient
from reconciler.providers.dust.wire import GROUPS, MEMBERS, Group, Member
from reconciler.providers.failures import Rejected, Unexpected

_PAGE = "150"
_MOST_PAGES, _MOST_PEOPLE = 1000, 150_000
_KINDS = tuple(("kind", kind) for kind in sorted(ATTACHABLE))


def read_members(client: ReadClient | WriteClient) -> list[Member]:
    """Everybody in the workspace. Raises Unexpected when the pages don't add up."""
    found: dict[str, Member] = {}
    query: list[tuple[str, str]] = [("limit", _PAGE), ("orderColumn", "createdAt")]
    asked: set[tuple[tuple[str, str], ...]] = set()
    while True:
        asked.add(tuple(query))
        page = client.get("/members", MEMBERS, query)
        known = len(found)
        found.update((member.s_id, member) for member in page.members)
        if page.next_page_url is None:
            break
        # Only the query is taken over: an answer doesn't choose where the token goes.
        told = query_of(page.next_page_url)
        query = [(name, value) for name, values in told.items() for value in values]
        if not query or tuple(query) in asked:
            raise _incomplete("the next page is one that was read already")
        if len(asked) >= _MOST_PAGES or len(found) > _MOST_PEOPLE:
            raise _incomplete(f"it goes on after {len(asked)} pages with {len(found)} people")
        if len(found) == known:
            raise _incomplete("a page told of nobody new, and of another page")
    if len(found) < page.total:
        raise _incomplete(f"{len(found)} people were listed of {page.total}")
    return list(found.values())


def read_groups(
    client: ReadClient | WriteClient, query: tuple[tuple[str, str], ...] = ()
) -> list[Group]:
    """The groups that can be attached to spaces.

    Dust API: without kinds the list holds the platform's own groups only.
    """
    groups = client.get("/groups", GROUPS, (*_KINDS, *query)).groups
    return [group for group in groups if group.kind in ATTACHABLE]


def _incomplete(why: str) -> Unexpected:
    return Unexpected(
        f"the list of members is incomplete: {why}",
        call="GET /members",
        help=("try again; if it stays so, the API has changed",),
    )


class Directory:
    """Ids by e-mail and by group name, each list read once, when first needed."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client
        self._lock = Lock()
        self._people: dict[str, str] | None = None
        self._groups: dict[str, list[str]] | None = None

    def people(self, emails: list[str]) -> list[str]:
        """The ids of these people, sorted.

        Raises Rejected when one isn't in the workspace: the platform would drop unknown people
        in silence.
        """
        if not emails:
            return []
        with self._lock:
            if self._people is None:
                self._people = {m.email.lower(): m.s_id for m in read_members(self._client)}
            known = self._people
        missing = [email for email in emails if email.lower() not in known]
        if missing:
            raise Rejected(
                f"not in the workspace: {', '.join(missing)}",
                help=("invite them to the workspace first, or correct the e-mail address",),
            )
        return sorted({known[email.lower()] for email in emails})

    def groups(self, names: list[str]) -> list[str]:
        """The ids of these groups, sorted. Raises Rejected when a name is unknown or ambiguous."""
        if not names:
            return []
        with self._lock:
            if self._groups is None:
                self._groups = {}
                for group in read_groups(self._client):
                    self._groups.setdefault(group.name, []).append(group.s_id)
            known = self._groups
        for name in names:
            if len(known.get(name, ())) != 1:
                what = "several groups are" if name in known else "no group is"
                raise Rejected(
                    f"{what} called `{name}` among the provisioned and manual ones",
                    help=("correct the name, or create or rename the group in the workspace",),
                )
        return sorted({known[name][0] for name in names})
