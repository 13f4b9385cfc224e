"""The state file: its text, and what is refused as one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.resources import Address
from reconciler.state import (
    Entry,
    Intent,
    State,
    StateAltered,
    StateUnreadable,
    accept,
    dump,
    parse,
)
from tests.parts.values import owned, state
from tests.state.stores import FINANCE, GITHUB, OWNER, crash, entry, files, session, store

GOLDEN = Path(__file__).parent / "golden" / "state.json"
WHOLE = state(
    {
        "Space/finance": owned(
            "vlt_1", {"displayName": "Finance", "members": ["ana@acme.example"]}
        ),
        "MCPServer/github": owned(
            "rms_2",
            {"url": "https://mcp.example/mcp", "auth": {"mode": "bearer", "token": {"env": "T"}}},
            protect=True,
            fingerprints={("auth", "token"): "scrypt:abc"},
            deposed=("rms_1",),
        ),
    },
    Intent(
        address=Address("MCPServer", "linear"),
        operation="create",
        known=("rms_9", "rms_3"),
        match={"url": "https://linear.example/mcp"},
    ),
)


def test_the_text_of_the_file_is_the_golden_one() -> None:
    assert dump(WHOLE) == GOLDEN.read_text("utf-8")


def test_what_is_dumped_is_read_back_the_same() -> None:
    read = parse(dump(WHOLE), name="state.json")
    # `known` has no order; it is written sorted.
    intent = replace(WHOLE.unfinished[0], known=("rms_3", "rms_9"))
    assert read == replace(WHOLE, unfinished=(intent,))


def test_text_outside_ascii_is_written_as_it_is() -> None:
    assert "Zoë" in dump(state({"Space/z": owned("vlt_1", {"displayName": "Zoë"})}))


def test_the_order_in_which_entries_came_does_not_show() -> None:
    back = dict(reversed(list(WHOLE.entries.items())))
    assert dump(replace(WHOLE, entries=back)) == dump(WHOLE)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True),
        st.tuples(
            st.dictionaries(st.text(max_size=4), st.lists(st.text(max_size=4)), max_size=3),
            st.booleans(),
            st.dictionaries(
                st.lists(st.text("ab.-é", min_size=1, max_size=3), min_size=1).map(tuple),
                st.text("xyz", max_size=3),
                max_size=2,
            ),
            st.lists(st.uuids().map(str), max_size=2).map(tuple),
        ),
        max_size=4,
    )
)
def test_any_state_is_read_back_the_same(
    entries: dict[
        str, tuple[dict[str, list[str]], bool, dict[tuple[str, ...], str], tuple[str, ...]]
    ],
) -> None:
    made = state(
        {
            f"Space/{name}": Entry(
                remote_id=f"vlt_{name}",
                applied=spec,
                protect=protect,
                fingerprints=prints,
                deposed=deposed,
            )
            for name, (spec, protect, prints, deposed) in entries.items()
        }
    )
    assert parse(dump(made), name="x") == made


def broken(**changes: object) -> str:
    """The golden text of version 1, which has no checksum, with keys replaced."""
    document = json.loads(dump(WHOLE)) | {"version": 1} | changes
    return json.dumps({key: value for key, value in document.items() if key != "checksum"})


ENTRY = {"remoteId": "vlt_1", "applied": {}}
DEEP = json.loads("[" * 200 + "]" * 200)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("<<<<<<< HEAD", "not JSON"),
        ("[" * 100_000, "nest too deep"),
        ("[]", "valid dictionary"),
        ("{}", "lineage"),
        (broken(version=3), "version 3, newer than this tool's 2"),
        (broken(version=0), "version"),
        (broken(version="1"), "version"),
        (broken(serial=-1), "serial"),
        (broken(extra=1), "extra"),
        (broken(resources={"Space/x": {"remoteId": ""}}), "remoteId"),
        (broken(resources={"space": ENTRY}), "Kind/name"),
        (broken(resources={"Robot/x": ENTRY}), "`Robot/x` is of a kind"),
        (broken(resources={"Space/a": ENTRY, "Space/b": ENTRY}), "claim the same object vlt_1"),
    ],
)
def test_a_damaged_file_is_refused_and_says_where(text: str, said: str) -> None:
    with pytest.raises(StateUnreadable) as caught:
        parse(text, name="acme.json")
    assert caught.value.message.startswith("the state in acme.json can't be used: ")
    assert said in caught.value.message
    assert "don't delete it" in caught.value.help[0]


def test_two_addresses_cannot_claim_a_leftover() -> None:
    leftover = {"remoteId": "vlt_2", "deposed": ["vlt_1"]}
    text = broken(resources={"Space/a": ENTRY, "Space/b": leftover})
    with pytest.raises(StateUnreadable, match="claim the same object vlt_1"):
        parse(text, name="acme.json")


def test_an_edit_that_keeps_the_document_valid_is_refused_and_can_be_accepted(
    tmp_path: Path,
) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry("vlt_1"))
    path = tmp_path / "acme.json"
    path.write_text(path.read_text().replace("vlt_1", "vlt_9"))
    with pytest.raises(StateAltered, match="something else changed it") as caught:
        store(tmp_path).load()
    assert any("reconciler state accept" in line for line in caught.value.help)
    seen = store(tmp_path).load(sealed=False)
    accepted = accept(store(tmp_path), seen=seen, owner=OWNER)
    assert accepted is not None
    assert store(tmp_path).load() == accepted
    assert accepted.entries[FINANCE].remote_id == "vlt_9"
    assert accept(store(tmp_path), seen=accepted, owner=OWNER) is None


def test_what_was_edited_again_since_somebody_saw_it_is_not_accepted(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry("vlt_1"))
    path = tmp_path / "acme.json"
    path.write_text(path.read_text().replace("vlt_1", "vlt_9"))
    seen = store(tmp_path).load(sealed=False)
    path.write_text(path.read_text().replace("vlt_9", "vlt_8"))
    with pytest.raises(StateAltered):
        accept(store(tmp_path), seen=seen, owner=OWNER)


def test_accepting_takes_in_what_an_interrupted_run_left(tmp_path: Path) -> None:
    with session(tmp_path) as held:
        held.put(FINANCE, entry("vlt_1"))
    crash(tmp_path, (GITHUB, entry("rms_1")))
    path = tmp_path / "acme.json"
    path.write_text(path.read_text().replace("vlt_1", "vlt_9"))
    seen = store(tmp_path).load(sealed=False)
    accepted = accept(store(tmp_path), seen=seen, owner=OWNER)
    assert accepted is not None
    assert set(accepted.entries) == {FINANCE, GITHUB}
    assert files(tmp_path) == {"acme.json"}


@pytest.mark.parametrize(
    "change",
    [{}, {"version": None}, {"version": 1}],
    ids=["with its version", "without", "with an older one"],
)
def test_a_state_without_its_checksum_is_altered_whatever_its_version_says(
    change: dict[str, int | None],
) -> None:
    document = {**json.loads(dump(WHOLE)), **change, "checksum": None}
    text = json.dumps({key: each for key, each in document.items() if each is not None})
    with pytest.raises(StateAltered, match="its checksum is missing") as caught:
        parse(text, name="acme.json")
    assert any("state accept" in line for line in caught.value.help)
    accepted = parse(text, name="acme.json", sealed=False)
    assert accepted == parse(dump(WHOLE), name="acme.json")


def test_a_state_without_its_version_is_altered() -> None:
    document = json.loads(dump(WHOLE))
    del document["version"]
    with pytest.raises(StateAltered):
        parse(json.dumps(document), name="acme.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (broken().replace('"serial": 7', '"serial": 7, "serial": 8'), 'the key "serial" twice'),
        (broken().replace('"serial": 7', '"serial": NaN'), "NaN is no number"),
        (broken().replace('"serial": 7', '"serial": 1e999'), "number that is too large"),
        (broken().replace('"serial": 7', '"serial": ' + "9" * 5000), "a number is too long"),
        (broken(lineage="\ud800"), "half a character"),
        (broken(resources={"Space/a": ENTRY | {"applied": {"x": DEEP}}}), "nest too deep"),
    ],
)
def test_json_that_is_not_the_same_to_everyone_is_refused(text: str, said: str) -> None:
    with pytest.raises(StateUnreadable, match=said):
        parse(text, name="acme.json")


def test_deposed_objects_are_owned_too() -> None:
    github = Address("MCPServer", "github")
    owners = WHOLE.owners()
    assert owners["MCPServer", "rms_2"] == owners["MCPServer", "rms_1"] == github


def test_putting_and_dropping_leave_the_former_state_as_it_was() -> None:
    before = State(provider="dust", workspace_id="w1", lineage="l")
    after = before.put(Address("Space", "a"), Entry(remote_id="vlt_1"))
    assert before.entries == {}
    assert after.drop(Address("Space", "a")) == before
