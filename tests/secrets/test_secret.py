"""A Secret can't get out, except through `reveal()`."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any, cast

import pydantic
import pytest
import yaml
from deepdiff import DeepDiff
from deepdiff.serialization import json_dumps
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from reconciler.secrets import Secret

VALUE = "canary-5f1c-value"


@pytest.fixture
def secret() -> Secret:
    return Secret(VALUE)


@dataclasses.dataclass
class Holder:
    token: Secret


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    token: Secret


def test_reveal_gives_the_value(secret: Secret) -> None:
    assert secret.reveal() == VALUE


def test_only_text_makes_a_secret() -> None:
    with pytest.raises(TypeError, match="not of bytes") as caught:
        Secret(cast("str", VALUE.encode()))
    assert VALUE not in str(caught.value)


def test_repr_is_a_fixed_text(secret: Secret) -> None:
    assert repr(secret) == "Secret(hidden)"
    assert repr([secret, Holder(secret)]) == ("[Secret(hidden), Holder(token=Secret(hidden))]")


REFUSED: dict[str, Callable[[Any], object]] = {
    "str": str,
    "print": lambda secret: print(secret, file=io.StringIO()),
    "f-string": lambda secret: f"{secret}",
    "f-string with !s": lambda secret: f"{secret!s}",
    "format": "{}".format,
    "format with a width": lambda secret: format(secret, ">40"),
    "percent": lambda secret: "%s" % secret,  # noqa: UP031 - that very way is tested
    "join": "".join,
    "join of a list": lambda secret: "".join([secret]),
    "add": lambda secret: "Bearer " + secret,
    "bytes": bytes,
    "bool": bool,
    "int": int,
    "len": len,
    "iter": iter,
    "index": lambda secret: secret[0],
    "in": lambda secret: "c" in secret,
    "equal": lambda secret: secret == Secret(VALUE),
    "equal to text": lambda secret: secret == VALUE,
    "text equal to it": lambda secret: VALUE == secret,  # noqa: SIM300 - that order is tested
    "not equal": lambda secret: secret != Secret(VALUE),
    "less": lambda secret: secret < Secret(VALUE),
    "sorted": lambda secret: sorted([secret, Secret(VALUE)]),
    "hash": hash,
    "set": lambda secret: {secret},
    "dict key": lambda secret: {secret: 1},
    "dataclass equality": lambda secret: Holder(secret) == Holder(Secret(VALUE)),
    "vars": vars,
    "__dict__": lambda secret: secret.__dict__,
    "__getstate__": lambda secret: secret.__getstate__(),
    "__reduce__": lambda secret: secret.__reduce__(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of what holds it": lambda secret: copy.deepcopy([Holder(secret)]),
    "__replace__": lambda secret: secret.__replace__(),
    "asdict": lambda secret: dataclasses.asdict(Holder(secret)),
    "astuple": lambda secret: dataclasses.astuple(Holder(secret)),
    "json": json.dumps,
    "json with str": lambda secret: json.dumps(secret, default=str),
    "json with vars": lambda secret: json.dumps(secret, default=vars),
    "json of what holds it": lambda secret: json.dumps({"token": secret}),
    "yaml": yaml.dump,
    "yaml safe": yaml.safe_dump,
    "pydantic to JSON": lambda secret: Model(token=secret).model_dump_json(),
    "pydantic in JSON mode": lambda secret: Model(token=secret).model_dump(mode="json"),
    "pydantic deep copy": lambda secret: Model(token=secret).model_copy(deep=True),
    "deepdiff to JSON": json_dumps,
    "pickle": pickle.dumps,
    "pickle, oldest protocol": lambda secret: pickle.dumps(secret, 0),
    "pickle, newest protocol": lambda secret: pickle.dumps(secret, pickle.HIGHEST_PROTOCOL),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_take_the_value_out_is_refused(
    secret: Secret, attempt: Callable[[Any], object]
) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError, yaml.YAMLError)) as caught:
        attempt(secret)
    assert VALUE not in repr(caught.value)
    assert VALUE not in "".join(traceback.TracebackException.from_exception(caught.value).format())


def test_it_can_not_be_subclassed() -> None:
    with pytest.raises(TypeError, match="subclassed"):
        type("Leak", (Secret,), {})


def test_its_attributes_show_a_function_and_not_the_value(secret: Secret) -> None:
    shown = {name: repr(getattr(secret, name)) for name in dir(secret)}
    assert all(VALUE not in text for text in shown.values())


def test_its_size_does_not_tell_the_length() -> None:
    assert sys.getsizeof(Secret("a")) == sys.getsizeof(Secret("a" * 4096))


@pytest.mark.parametrize("pattern", ["%s", "%r", "%20s", "token %s"])
def test_logging_it_writes_no_value(
    secret: Secret, pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler(stream := io.StringIO())
    for message, arguments in [(pattern, (secret,)), (secret, ()), ("%r", ([secret],))]:
        handler.handle(logging.LogRecord("canary", logging.ERROR, "", 1, message, arguments, None))
    captured = capsys.readouterr()
    assert VALUE not in stream.getvalue() + captured.out + captured.err
    assert "Secret(hidden)" in stream.getvalue()


def crash(secret: Secret) -> None:
    holder = Holder(secret)
    raise RuntimeError(repr(holder), secret)


def test_a_traceback_with_locals_shows_the_fixed_text(secret: Secret) -> None:
    with pytest.raises(RuntimeError) as caught:
        crash(secret)
    text = "".join(
        traceback.TracebackException.from_exception(
            caught.value, capture_locals=True, limit=-1
        ).format()
    )
    assert "secret = Secret(hidden)" in text
    assert VALUE not in text


def test_a_rich_traceback_with_locals_shows_the_fixed_text(secret: Secret) -> None:
    with pytest.raises(RuntimeError) as caught:
        crash(secret)
    console = Console(file=io.StringIO(), width=200, record=True)
    found = Traceback.from_exception(RuntimeError, caught.value, caught.tb, show_locals=True)
    console.print(found)
    text = console.export_text()
    assert "Secret(hidden)" in text
    assert VALUE not in text


def test_rich_pretty_printing_shows_the_fixed_text(secret: Secret) -> None:
    assert pretty_repr({"token": secret, "in": Holder(secret)}).count("Secret(hidden)") == 2


def test_a_pydantic_model_shows_the_fixed_text(secret: Secret) -> None:
    model = Model(token=secret)
    assert VALUE not in repr(model) + str(model) + repr(model.model_dump())


def test_pydantic_does_not_make_a_model_of_it_unasked() -> None:
    with pytest.raises(pydantic.PydanticSchemaGenerationError):
        pydantic.TypeAdapter(Secret)


def test_a_failed_validation_of_what_holds_it_shows_no_value(secret: Secret) -> None:
    adapter = pydantic.TypeAdapter(dict[str, int])
    with pytest.raises(pydantic.ValidationError) as caught:
        adapter.validate_python({"token": secret})
    assert VALUE not in str(caught.value) + repr(caught.value.errors())


def test_deepdiff_finds_no_value(secret: Secret) -> None:
    try:
        text = repr(DeepDiff([Holder(secret)], [Holder(Secret("canary-other"))]))
    except TypeError as error:
        text = repr(error)
    assert "canary" not in text
