"""Secrets in stores that others' packages read: `{plugin: "scheme:place"}`.

A package adds a scheme with an entry point of the group `reconciler.secrets`. Its name is the
scheme, and it points to what makes a `Backend` of `Surroundings`:

    [project.entry-points."reconciler.secrets"]
    keeper = "reconciler_keeper:KeeperBackend"

    class KeeperBackend:
        def __init__(self, surroundings: Surroundings) -> None: ...
        def read(self, reference: SecretRef) -> Secret | SecretFailure: ...
        def close(self) -> None: ...

`reference` has the scheme of the plugin and the place behind it: `keeper`, `platform/github-mcp`.
It is called from several threads, must keep within `surroundings.timeout` by itself, and should
give up when `surroundings.stop` is set. It answers with a `Secret`, or with a `SecretFailure` whose
code says what is wrong: only the code is used, and the words are ours, so that nothing of a secret
gets into a message by way of a plugin. Whatever it raises is a failure of the reference as well.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from reconciler.diagnostics import Code
from reconciler.resources import SCHEMES, SecretRef
from reconciler.secrets.acceptance import accept
from reconciler.secrets.backend import Backend, Surroundings
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.once import Once
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble

GROUP = "reconciler.secrets"
_SAID = {
    Code.SECRET_MISSING: ("is missing: {} has no such secret", "check the place"),
    Code.SECRET_EMPTY: ("is empty: {} holds nothing at this place", "store a value"),
    Code.SECRET_DENIED: ("can't be read: {} denies it", "check the credentials of the plugin"),
    Code.SECRET_MALFORMED: (
        "can't be read: {} can't use what is there, or the place",
        "check the place, and that the secret is text",
    ),
    Code.SECRET_UNREACHABLE: (
        "can't be read: {} can't be reached",
        "check the network and the settings of the plugin",
    ),
}


class PluginBackend:
    """Finds the plugin of each scheme and asks it; a plugin can't take over a built-in scheme."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._plugins: Once[str, Backend] = Once()
        self._opened: list[Backend] = []

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """What the plugin finds, checked like every secret."""
        scheme, _, place = reference.locator.partition(":")
        if not scheme or not place:
            return failure(
                reference,
                Code.SECRET_MALFORMED,
                "is not of the form `scheme:place`",
                "e.g. `keeper:platform/github-mcp`",
            )
        try:
            plugin = self._plugins.get(scheme, lambda: self._open(scheme))
        except Trouble as trouble:
            return trouble.about(reference)
        return _asked(plugin, reference, SecretRef(scheme, place))

    def close(self) -> None:
        """Close all plugins; one that fails at it holds up no other."""
        for plugin in self._opened:
            try:
                plugin.close()
            except (Exception, SystemExit):  # noqa: BLE001, S112 - nothing is left to be said
                continue

    def _open(self, scheme: str) -> Backend:
        if scheme in SCHEMES:
            raise Trouble(
                Code.SECRET_MALFORMED,
                f"names the plugin `{scheme}`, and `{scheme}` is built in",
                f"write {{{scheme}: …}}",
            )
        found = list(entry_points(group=GROUP, name=scheme))
        if not found:
            raise Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: no plugin for `{scheme}` is installed",
                "install the package that adds it, into the environment of this tool",
            )
        if len(found) > 1:
            raise Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: {len(found)} packages add `{scheme}`",
                f"keep one of {', '.join(sorted(map(_package, found)))}",
            )
        plugin = self._made(found[0])
        self._opened.append(plugin)
        return plugin

    def _made(self, entry: EntryPoint) -> Backend:
        plugin: Any = None
        try:
            plugin = entry.load()(self._surroundings)
            fits = callable(plugin.read) and callable(plugin.close)
        except (Exception, SystemExit):  # noqa: BLE001 - a plugin may raise anything
            fits = False
        if not fits:
            raise Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: the plugin `{entry.name}` of {_package(entry)} can't be used",
                "it must make an object with `read` and `close`; try to import it by hand",
            )
        return cast("Backend", plugin)


def _asked(plugin: Backend, reference: SecretRef, place: SecretRef) -> Secret | SecretFailure:
    answer: object = None
    try:
        answer = plugin.read(place)
    except (Exception, SystemExit):  # noqa: BLE001 - a plugin may raise anything
        problem = "failed unexpectedly"
    else:
        problem = "answered with neither a secret nor a failure"
    match answer:
        case Secret():
            return accept(reference, answer.reveal())
        case SecretFailure(code=Code() as code) if code in _SAID:
            what, advice = _SAID[code]
            return failure(reference, code, what.format(f"the plugin `{place.scheme}`"), advice)
        case _:
            return failure(
                reference,
                Code.SECRET_UNREACHABLE,
                f"can't be read: the plugin `{place.scheme}` {problem}",
                "report it to those who made the plugin",
            )


def _package(entry: EntryPoint) -> str:
    name = entry.dist.name if entry.dist is not None else ""
    shown = "".join(char for char in name if char.isalnum() or char in "-_.")[:100]
    return f"`{shown or 'an unknown package'}`"
