"""The words for what is wrong with the YAML itself, before anything is known of manifests."""

import re

import yaml

from reconciler.diagnostics import Code
from reconciler.manifests.faults import Fault, InText, Place
from reconciler.manifests.limits import MAX_ALIASED, MAX_DEPTH, MAX_DOCUMENTS, MAX_VALUES

_PROBLEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mapping values are not allowed in this context": (
        "a second `: ` on one line, or a key that is indented too far",
        (
            "put the value in quotes if the colon belongs to it",
            "or put a space after the colon of the line above: `key: value`",
        ),
    ),
    "found character that cannot start any token": (
        "a character that can't start a value here",
        ("indent with spaces, not tabs; put a value that starts with @, ` or % in quotes",),
    ),
    "did not find expected key": (
        "expected a key, or the end of the mapping, here",
        ("check the indentation of this line and of the line above it",),
    ),
    "did not find expected '-' indicator": (
        "expected `- `, or the end of the list, here",
        ("check the indentation of this line and of the line above it",),
    ),
    "could not find expected ':'": (
        "a key without a colon",
        ("write `key: value`, with a space after the colon",),
    ),
    "did not find expected ',' or ']'": ("a list that is not closed", ("add the missing `]`",)),
    "did not find expected ',' or '}'": ("a mapping that is not closed", ("add the missing `}`",)),
    "found unexpected end of stream": ("quotes that are not closed", ("add the missing quote",)),
    "did not find expected node content": ("expected a value here", ()),
    "did not find expected <document start>": (
        "something after the end of the document",
        ("separate documents with a line `---`, and check the indentation",),
    ),
    "found invalid Unicode character escape code": (
        "an escape of half a character, as JSON has them for characters above U+FFFF",
        ("write the character itself, or `\\U0001F389` with eight digits",),
    ),
    "found unknown escape character": (
        "an escape that YAML doesn't know, in double quotes",
        ("use single quotes, where a backslash is only a backslash",),
    ),
    "found a tab character that violates indentation": (
        "a tab in the indentation",
        ("indent with spaces",),
    ),
    "found undefined tag handle": ("a tag that is not declared", ("remove the tag",)),
}


_AT_THE_START = frozenset(
    (
        "could not find expected ':'",
        "found unexpected end of stream",
        "did not find expected ',' or ']'",
        "did not find expected ',' or '}'",
    )
)
"""libyaml notices these long after the place that is to be mended, where it says it was."""


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def syntax_fault(file: str, error: yaml.YAMLError, data: bytes) -> Fault:
    """What libyaml could not read, in our words, at the place where it noticed."""
    if not isinstance(error, yaml.MarkedYAMLError):
        found = _FORBIDDEN.search(data.decode())
        start = found.start() if found else 0
        name = f"U+{ord(found[0]):04X}" if found else "one"
        return Fault(
            code=Code.FILE_ENCODING,
            message=f"a control character that YAML doesn't allow, {name}",
            place=InText(file, start, start + 1),
            help=('remove it, or write it as an escape in double quotes, e.g. "\\x1b"',),
        )
    problem = error.problem or "not valid YAML"
    message, advice = _PROBLEMS.get(problem, (problem, ()))
    mark = error.problem_mark or error.context_mark
    if problem in _AT_THE_START:
        mark = error.context_mark or mark
    start = mark.index if mark else 0
    if problem == "exceeded maximum nesting depth":  # libyaml's own limit, which is far above ours
        return too_deep(InText(file, start, start + 1))
    related: tuple[tuple[str, Place], ...] = ()
    if error.context_mark and error.context_mark.index != start:
        opening = error.context_mark.index
        related = ((f"{error.context or 'it started'}, from", InText(file, opening, opening + 1)),)
    return Fault(
        code=Code.YAML_SYNTAX,
        message=message,
        place=InText(file, start, start + 1),
        help=advice,
        related=related,
    )


def too_deep(place: InText) -> Fault:
    """Nesting over the limit."""
    return Fault(
        code=Code.YAML_DEPTH,
        message=f"values nest deeper than {MAX_DEPTH} levels",
        place=place,
        notes=("the rest of the file was not read",),
    )


def too_many_values(place: InText) -> Fault:
    """A document that nobody wrote by hand."""
    return Fault(
        code=Code.FILE_TOO_LARGE,
        message=f"this document has over {MAX_VALUES:,} keys and values",
        place=place,
        notes=("the rest of the file was not read",),
        help=("a manifest describes one resource: check that this file is one",),
    )


def too_many_documents(place: InText) -> Fault:
    """A file of documents that nobody wrote by hand."""
    return Fault(
        code=Code.FILE_TOO_LARGE,
        message=f"this file has over {MAX_DOCUMENTS:,} documents",
        place=place,
        notes=("the rest of the file was not read",),
        help=("split it",),
    )


def too_many_aliased(place: InText) -> Fault:
    """Aliases that stand for too much."""
    return Fault(
        code=Code.YAML_ALIASES,
        message=f"the aliases of this file stand for over {MAX_ALIASED:,} values",
        place=place,
        notes=("the rest of the file was not read",),
        help=("write the values out",),
    )


def alias_in_itself(place: InText) -> Fault:
    """A value without an end."""
    return Fault(
        code=Code.YAML_ALIASES,
        message="an alias inside the very value that it stands for",
        place=place,
        help=("write the value out",),
    )


def alias_of_nothing(place: InText) -> Fault:
    """An alias that has no anchor in the same document."""
    return Fault(
        code=Code.YAML_ALIASES,
        message="an alias of an anchor that this document doesn't have",
        place=place,
        help=("put the anchor (`&name`) before the alias (`*name`), in the same document",),
    )


def tag(place: InText) -> Fault:
    """A tag that asks for a type of its own."""
    return Fault(
        code=Code.YAML_TAG,
        message="a YAML tag is not allowed here",
        place=place,
        notes=("the kind of the manifest says what each value is",),
        help=("remove the tag",),
    )


def key_is_no_text(place: InText, what: str) -> Fault:
    """A key that is a number, a collection, nothing..."""
    advice = () if what == "a list or a mapping" else ("put the key in quotes",)
    return Fault(
        code=Code.WRONG_TYPE,
        message=f"a key must be text, this is {what}",
        place=place,
        help=advice,
    )


def merge_key(place: InText) -> Fault:
    """`<<`, which YAML 1.2 doesn't have."""
    return Fault(
        code=Code.UNKNOWN_FIELD,
        message="`<<` is not a field: merge keys are not supported",
        place=place,
        notes=("YAML 1.2 has none, so that readers and tools would disagree on the manifest",),
        help=("write the fields out; an alias may stand for a whole value",),
    )


def repeated_key(place: InText, first: Place) -> Fault:
    """A key that its mapping already has."""
    return Fault(
        code=Code.DUPLICATE_KEY,
        message="this key is given twice",
        place=place,
        label="given again here",
        related=(("first given at", first),),
        help=("keep one of the two",),
    )
