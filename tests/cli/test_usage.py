"""What is typed wrongly: it is said in words and as data, exits 64, and repeats no secret."""

from pathlib import Path

import pytest

from tests.e2e.test_json_output import checked
from tests.e2e.world import workspace_manifest
from tests.parts.cli import Project

HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
GITHUB = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
_F = ("-f", "manifests")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder that describes a workspace which nobody can reach."""
    made = Project(folder=tmp_path, environ={"DUST_ACCESS_TOKEN": "t"})
    made.write("workspace.yaml", workspace_manifest("w0", "http://127.0.0.1:9"))
    return made


@pytest.mark.parametrize(
    "words",
    [
        ("connect", *_F, "Foo/Bar/x"),
        ("connect", *_F, "MCPServer/Desk"),
        ("connect", *_F, "Desk Two"),
        ("adopt", *_F, "Foo/Bar/x=rms_1"),
        ("adopt", *_F, "MCPServer/a b=rms_1"),
        ("forget", *_F, "Foo/Bar/x"),
        ("forget", *_F, "desk"),
        ("state", "show", *_F, "Foo/Bar/x"),
        ("state", "mv", *_F, "Space/a", "Space/B"),
        ("plan", *_F, "--target", "Foo/Bar/x"),
        ("apply", *_F, "--exclude", "desk"),
        ("destroy", *_F, "--target", "Space/"),
    ],
    ids=" ".join,
)
def test_what_is_no_address_is_wrong_usage_and_told_how_one_looks(
    project: Project, words: tuple[str, ...]
) -> None:
    done = project.run(*words, code=64)
    assert "MCPServer/github" in done.err or "Space/finance=vlt_1" in done.err, str(done)


@pytest.mark.parametrize(
    "words",
    [
        ("nosuch",),
        ("--nosuch", "plan"),
        ("plan", "--nosuch"),
        ("plan", "extra"),
        ("plan", *_F, "--target", "x"),
        ("plan", *_F, "--allow", "x"),
        ("plan", *_F, "--report", "html"),
        ("plan", *_F, "--lock-timeout", "x"),
        ("apply", "--parallelism", "0"),
        ("state",),
        ("state", "nosuch"),
        ("state", "mv", "Space/a"),
        ("publish", "comment"),
        ("adopt", *_F),
        ("login", "--url", "https://a.example", "--region", "eu"),
        ("explain", "nosuch"),
        ("connect", *_F, "Foo/Bar/x"),
        ("--debug-file", "nosuch/file", "plan"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("place", ["first", "last", "joined"])
def test_wrong_usage_is_told_as_data_where_data_was_asked_for(
    project: Project, words: tuple[str, ...], place: str
) -> None:
    asked = ("--output=json",) if place == "joined" else ("--output", "json")
    line = (*asked, *words) if place == "first" else (*words, *asked)
    done = project.run(*line, code=64)
    assert done.json["format"] == "reconciler.failure/v1"
    assert done.json["exitCode"] == 64
    if place != "first":
        checked(done, "failure")


def test_without_being_asked_for_no_data_is_printed(project: Project) -> None:
    assert project.run("plan", "--nosuch", code=64).out == ""


@pytest.mark.parametrize("token", [HEX, GITHUB], ids=["hexadecimal", "of GitHub"])
@pytest.mark.parametrize(
    "words",
    [
        ("@",),
        ("plan", "--@"),
        ("plan", *_F, "--target", "MCPServer/@"),
        ("plan", *_F, "--allow=@"),
        ("plan", *_F, "--workspace", "@"),
        ("plan", *_F, "--report", "@"),
        ("connect", *_F, "@"),
        ("adopt", *_F, "Space/a=@"),
        ("state", "show", *_F, "Space/@"),
        ("explain", "@"),
        ("validate", "-f", "@"),
        ("apply", "@"),
        ("probe", "--bearer", "env:@", "http://127.0.0.1:9/mcp"),
        ("probe", "--header", "@=env:A", "http://127.0.0.1:9/mcp"),
    ],
    ids=" ".join,
)
def test_a_token_in_the_place_of_a_name_is_refused_and_not_repeated(
    project: Project, words: tuple[str, ...], token: str
) -> None:
    line = [word.replace("@", token) for word in words]
    done = project.run("--debug", "--debug-file", "trace", *line, "--output", "json", code=None)
    assert done.code in (1, 64), str(done)
    trace = project.folder / "trace"  # there is none where the command isn't known
    said = done.out + done.err + (trace.read_text("utf-8") if trace.exists() else "")
    assert token.casefold() not in said.casefold()
    assert done.json["format"].startswith("reconciler.")


def test_a_report_does_not_repeat_it_either(project: Project) -> None:
    formats = ("markdown", "html", "sarif", "junit", "annotations", "json")
    options = [f"--report={each}=r.{each}" for each in formats]
    project.run("plan", *_F, "--target", f"Space/{HEX}", *options, code=None)
    for each in formats:
        assert HEX not in (project.folder / f"r.{each}").read_text("utf-8")


def test_what_is_public_is_repeated(project: Project) -> None:
    done = project.run("validate", "-f", f"manifests/{HEX[:12]}", code=1)
    assert HEX[:12] in done.err
