"""What the shell offers for a word: addresses, workspaces, topics; fast, offline, never a fault."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from reconciler.manifests import Declared

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _silent(offer: Callable[[click.Context], Iterable[str]]) -> Completer:
    """A completer that offers what begins with the word, and nothing when something is wrong."""

    def complete(
        context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            words = [word for word in offer(context) if word.startswith(incomplete)]
        except Exception:  # noqa: BLE001 - a message would land in the line that is being typed
            return []
        given = {word for value in context.params.values() for word in _words(value)}
        return [CompletionItem(word) for word in dict.fromkeys(words) if word not in given]

    return complete


def _words(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from (each for each in value if isinstance(each, str))


def _declared(context: click.Context) -> "Declared":
    from reconciler.manifests import declared

    files = context.params.get("files") or ()
    return declared(
        [Path(each) for each in files] or [Path()], workspace=context.params.get("workspace")
    )


def _states(context: click.Context) -> "Iterable[tuple[list[str], list[str]]]":
    """Of each state nearby: the addresses that it owns, and those that wait for a sign-in."""
    from reconciler.state import FileStore, StateError

    for place in _declared(context).states:
        store = FileStore(place.path, provider=place.provider, workspace_id=place.workspace_id)
        try:
            state = store.load(sealed=False)
        except StateError:
            continue  # what the manifests declare is offered all the same
        yield sorted(map(str, state.entries)), sorted(map(str, state.consents))


def _owned(context: click.Context) -> list[str]:
    return [address for owned, _ in _states(context) for address in owned]


def _known(context: click.Context) -> list[str]:
    return sorted({*map(str, _declared(context).addresses), *_owned(context)})


def _adoptable(context: click.Context) -> list[str]:
    owned = set(_owned(context))
    return [str(each) for each in _declared(context).addresses if str(each) not in owned]


def _waiting(context: click.Context) -> list[str]:
    return [address for _, waiting in _states(context) for address in waiting]


def _topics(_context: click.Context) -> list[str]:
    from reconciler.explanations import topics

    return list(topics())


known_addresses = _silent(_known)
"""What the manifests declare, or the state owns."""
owned_addresses = _silent(_owned)
adoptable_addresses = _silent(_adoptable)
waiting_addresses = _silent(_waiting)
workspaces = _silent(lambda context: _declared(context).workspaces)
topics_to_explain = _silent(_topics)
