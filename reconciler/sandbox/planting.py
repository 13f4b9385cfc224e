"""Puts a seed into a new database."""

import secrets
import string

from reconciler.sandbox.catalogue import internal_preset, remember_preset
from reconciler.sandbox.oauth_rows import plant_consent
from reconciler.sandbox.records import Group, Space, SpaceKind, User
from reconciler.sandbox.seed import (
    Seed,
    SeedError,
    SeedGroup,
    SeedMember,
    SeedServer,
    SeedSpace,
    SeedWorkspace,
)
from reconciler.sandbox.server_rows import add_internal, add_view, sealed_credentials
from reconciler.sandbox.space_rows import add_space, system_space_id
from reconciler.sandbox.store import Store, dump, new_sid

_SID_CHARACTERS = string.ascii_letters + string.digits


def plant(store: Store, seed: Seed) -> None:
    """Write a whole seed, or nothing.

    Raises:
        SeedError: it refers to something that it doesn't define.
    """
    with store.transaction():
        for preset in seed.catalogue:
            remember_preset(store, preset)
        for workspace in seed.workspaces:
            _Planter(store, workspace).plant()
        for token in seed.tokens:
            user_id = None if token.user is None else _user(store, token.user).id
            store.insert("token", value=token.token, user_id=user_id, expired=int(token.expired))
        for (user_id,) in store.values(
            "SELECT id FROM user WHERE id NOT IN (SELECT user_id FROM token WHERE NOT expired)"
        ):
            _give_token(store, user_id, None)


def _user(store: Store, email: str) -> User:
    user = store.row(User, "SELECT * FROM user WHERE email = ?", email)
    if user is None:
        raise SeedError(f"the seed refers to {email}, who is a member of no workspace")
    return user


def _give_token(store: Store, user_id: int, value: str | None) -> None:
    store.insert(
        "token", value=value or f"user.{secrets.token_urlsafe(32)}", user_id=user_id, expired=0
    )


class _Planter:
    """One workspace of a seed."""

    def __init__(self, store: Store, seed: SeedWorkspace) -> None:
        self._store = store
        self._seed = seed
        self._id = store.insert(
            "workspace",
            sid=seed.s_id or "".join(secrets.choice(_SID_CHARACTERS) for _ in range(10)),
            name=seed.name,
            region=seed.region,
            sso_enforced=int(seed.sso_enforced),
            can_use_product=int(seed.can_use_product),
            max_spaces=seed.max_spaces,
            no_batch_tools=int(seed.legacy.no_batch_tools),
            older_members_body=int(seed.legacy.older_members_body),
            unbound_finalize=int(seed.legacy.unbound_finalize),
        )

    def plant(self) -> None:
        for member in self._seed.members:
            self._member(member)
        self._group(SeedGroup(name="Workspace"), "global")
        for group in self._seed.groups:
            self._group(group, group.kind)
        for name, kind in (
            ("System", SpaceKind.SYSTEM),
            ("Company Data", SpaceKind.GLOBAL),
            ("Conversations", SpaceKind.CONVERSATIONS),
        ):
            add_space(self._store, self._id, name, kind, is_restricted=False)
        for space in self._seed.spaces:
            self._space(space)
        for name in self._seed.internal_servers:
            preset = internal_preset(name)
            if preset is None:
                raise SeedError(f"the seed installs {name!r}, which is not a built-in tool")
            add_internal(self._store, self._id, preset, spaces=[self._space_named("company").id])
        for server in self._seed.servers:
            self._server(server)
        self._rest()

    def _rest(self) -> None:
        for usage in self._seed.usage:
            self._store.insert(
                "tool_usage",
                workspace_id=self._id,
                url=usage.url,
                agents=dump(usage.agents),
                skills=dump(usage.skills),
            )
        for consent in self._seed.consents:
            plant_consent(self._store, self._id, self._member_named(consent.user), consent)
        for key in self._seed.keys:
            self._store.insert(
                "api_key", value=key.key, workspace_id=self._id, name=key.name, role=key.role
            )

    def _member(self, member: SeedMember) -> None:
        store = self._store
        user = store.row(User, "SELECT * FROM user WHERE email = ?", member.email)
        if user is None:
            user_id = store.insert(
                "user",
                sid=new_sid("usr"),
                email=member.email,
                full_name=member.name or member.email.partition("@")[0].title(),
                created_at=store.now(),
            )
        else:
            user_id = user.id
        store.insert(
            "membership",
            workspace_id=self._id,
            user_id=user_id,
            role=member.role,
            created_at=store.now(),
        )
        if member.token is not None:
            _give_token(store, user_id, member.token)

    def _group(self, group: SeedGroup, kind: str) -> None:
        group_id = self._store.insert(
            "people_group",
            sid=new_sid("grp"),
            workspace_id=self._id,
            name=group.name,
            kind=kind,
        )
        for email in group.members:
            user = self._member_named(email)
            self._store.insert("group_member", group_id=group_id, user_id=user.id)

    def _space(self, seed: SeedSpace) -> None:
        store = self._store
        space_id = add_space(
            store, self._id, seed.name, SpaceKind(seed.kind), is_restricted=seed.restricted
        )
        for email in seed.members:
            store.insert(
                "space_member",
                space_id=space_id,
                user_id=self._member_named(email).id,
                is_editor=0,
                joined_at=store.now(),
            )
        for name in seed.groups:
            group = store.row(
                Group,
                "SELECT * FROM people_group WHERE workspace_id = ? AND name = ?",
                self._id,
                name,
            )
            if group is None:
                raise SeedError(f"the seed gives {name!r} a space, but defines no such group")
            store.insert("space_group", space_id=space_id, group_id=group.id, is_editor=0)

    def _server(self, seed: SeedServer) -> None:
        store = self._store
        now = store.now()
        sid = new_sid("rms")
        server_id = store.insert(
            "server",
            sid=sid,
            workspace_id=self._id,
            kind="remote",
            url=seed.url,
            name=seed.name,
            description=seed.description,
            version="1.0.0",
            icon=seed.icon,
            tools=dump(
                [
                    tool.model_dump(by_alias=True, include={"name", "description", "input_schema"})
                    for tool in seed.tools
                ]
            ),
            **sealed_credentials(store, sid, seed.bearer, seed.headers or None),
            availability="manual",
            allow_multiple=1,
            last_sync_at=now,
            created_at=now,
            updated_at=now,
        )
        for tool in seed.tools:
            if tool.stake is not None or not tool.enabled:
                store.insert(
                    "tool_setting",
                    server_id=server_id,
                    tool_name=tool.name,
                    permission=tool.stake or "high",
                    enabled=int(tool.enabled),
                )
        system = system_space_id(store, self._id)
        for space_id in (system, *(self._space_named(name).id for name in seed.spaces)):
            add_view(
                store,
                self._id,
                server_id,
                space_id,
                name=seed.view_name,
                description=seed.view_description,
            )

    def _member_named(self, email: str) -> User:
        user = self._store.row(
            User,
            "SELECT user.* FROM user JOIN membership ON user_id = user.id"
            " WHERE workspace_id = ? AND email = ?",
            self._id,
            email,
        )
        if user is None:
            raise SeedError(f"the seed refers to {email}, who is no member of {self._seed.name}")
        return user

    def _space_named(self, name: str) -> Space:
        space = self._store.row(
            Space,
            "SELECT * FROM space WHERE workspace_id = ?1"
            " AND CASE WHEN ?2 = 'company' THEN kind = 'global' ELSE name = ?2 END",
            self._id,
            name,
        )
        if space is None:
            raise SeedError(f"the seed puts a server in {name!r}, but defines no such space")
        return space
