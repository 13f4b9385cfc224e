"""Help that helps: every option says what it is, and every command fits its line."""

from collections.abc import Iterator

import click
import pytest

from reconciler.cli.entry import COMMANDS, reconciler


def _all(
    group: click.Group, context: click.Context, *words: str
) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*words, name)), command
        if isinstance(command, click.Group):
            yield from _all(command, click.Context(command, parent=context), *words, name)


_CONTEXT = click.Context(reconciler, info_name="reconciler")
_FOUND = dict(_all(reconciler, _CONTEXT))


@pytest.mark.parametrize("name", _FOUND)
def test_every_option_says_what_it_is_and_takes(name: str) -> None:
    command = _FOUND[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            record = parameter.get_help_record(click.Context(command))
            assert record is not None
            words, text = record
            assert text, words
            assert "RANGE" not in words, f"{words}: what is the number?"
            assert "TEXT" not in words, f"{words}: what is the text?"


@pytest.mark.parametrize("name", _FOUND)
def test_its_help_stays_within_the_terminal_and_shows_no_cut_sentence(name: str) -> None:
    command = _FOUND[name]
    context = click.Context(command, info_name=name, max_content_width=80, terminal_width=80)
    text = command.get_help(context)
    assert "..." not in text.replace("]...", "").replace("ADDRESS...", "")


def test_commands_are_listed_with_the_words_of_the_table() -> None:
    text = reconciler.get_help(_CONTEXT)
    for name, (_, words) in COMMANDS.items():
        assert f"\n  {name} " in text
        assert words.split()[0] in text
