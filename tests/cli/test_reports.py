"""`--report`: which reports, where they go, and that they are written however a command ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.console import Console
from reconciler.cli.entry import reconciler
from reconciler.cli.reports import Reports
from reconciler.views.formats import ENDING_FORMATS, REVIEW_FORMATS
from reconciler.workflows import Stop

_WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec: {provider: dust, workspaceId: w0, region: eu}
"""
_SPACE = """\
apiVersion: reconciler/v1
kind: Space
metadata: {name: finance}
spec: {access: restricted}
"""
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of manifests; commands run in its folder `live`."""
    (tmp_path / ".git").mkdir()
    here = tmp_path / "live"
    here.mkdir()
    (here / "workspace.yaml").write_text(_WORKSPACE)
    (here / "space.yaml").write_text(_SPACE)
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command in this process."""

    def run(*arguments: str, code: int = 0) -> Result:
        console = Console(color=False)
        result = CliRunner().invoke(reconciler, arguments, obj=console, standalone_mode=False)
        ended = result.return_value
        if result.exception is not None:
            ended = result.exception.code if isinstance(result.exception, Stop) else 64
        assert ended == code, (result.output, result.exception)
        return result

    return run


def broken(folder: Path) -> None:
    (folder / "space.yaml").write_text(_SPACE.replace("access", "acess"))


def test_valid_manifests_make_every_report(run: Run, folder: Path) -> None:
    options = [f"--report={name}=out/{name}" for name in REVIEW_FORMATS]
    result = run("validate", *options)
    assert result.stdout == "valid: 1 resource of acme in 2 files\n"
    assert {path.name for path in (folder / "out").iterdir()} == set(REVIEW_FORMATS)
    assert "valid, 1 resource" in (folder / "out" / "markdown").read_text()
    assert (folder / "out" / "annotations").read_text() == ""


def test_faults_are_told_by_their_path_from_the_top_of_the_repository(
    run: Run, folder: Path
) -> None:
    broken(folder)
    run("validate", "--report=annotations=a", "--report=sarif=s", "--report=junit=j", code=1)
    assert (folder / "a").read_text().startswith("::error file=live/space.yaml,line=4,")
    (found,) = json.loads((folder / "s").read_text())["runs"][0]["results"]
    assert found["ruleId"] == "unknown-field"
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "live/space.yaml"
    assert 'file="live/space.yaml" line="4"' in (folder / "j").read_text()


def test_a_plan_that_ends_at_its_manifests_writes_its_reports(run: Run, folder: Path) -> None:
    broken(folder)
    (folder / "plan.md").write_text("of an earlier run")
    run("plan", "--report=markdown=plan.md", "--report=json=plan.json", code=1)
    text = (folder / "plan.md").read_text()
    assert "**Plan: the manifests have 1 error.**" in text
    assert "`unknown-field` at `live/space.yaml:4`" in text
    document = json.loads((folder / "plan.json").read_text())
    assert (document["format"], document["exitCode"]) == ("reconciler.failure/v1", 1)


def test_a_report_without_a_path_takes_stdout_for_itself(run: Run, folder: Path) -> None:
    result = run("validate", "--report=markdown")
    assert result.stdout.startswith("## Manifests for workspace `acme`")
    assert "valid: 1 resource of" not in result.stdout
    assert run("validate", "--report=markdown=-").stdout == result.stdout


def test_the_json_of_checked_manifests_is_what_stdout_would_have(run: Run, folder: Path) -> None:
    broken(folder)
    printed = run("validate", "--output", "json", "--report=json=j", code=1)
    assert json.loads(printed.stdout) == json.loads((folder / "j").read_text())


def test_wrong_usage_that_shows_late_is_told_in_the_report(run: Run, folder: Path) -> None:
    run("plan", "--target=nonsense", "--report=markdown=plan.md", code=64)
    assert "`nonsense` is no address" in (folder / "plan.md").read_text()


@pytest.mark.parametrize(
    ("error", "words"),
    [(KeyboardInterrupt(), "interrupted"), (RuntimeError("sk-secret"), "this is a bug")],
)
def test_whatever_ends_a_command_leaves_a_report_without_the_text_of_a_bug(
    folder: Path, error: BaseException, words: str
) -> None:
    path = folder / "r.md"
    reports = Reports(asked=(("markdown", path),))
    with pytest.raises(type(error)), reports.covering(Console(), "Plan"):
        raise error
    assert words in path.read_text()
    assert "sk-secret" not in path.read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--report=pdf=x"], "`pdf` is no format"),
        (["--report=markdown", "--report=sarif=-"], "both go to stdout"),
        (["--report=markdown=x", "--report=sarif=x"], "both go to x"),
        (["--report=markdown", "--output=json"], "can't both go to stdout"),
        (["--report-link=javascript:alert(1)"], "expected an http(s) address"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(run: Run, options: list[str], words: str) -> None:
    result = run("validate", *options, code=64)
    assert words in str(result.exception)


def test_a_report_that_can_not_be_written_is_found_out_before_anything_is_done(
    run: Run, folder: Path
) -> None:
    (folder / "file").touch()
    result = run("validate", "--report=markdown=file/x.md", code=1)
    assert "the report can't be written to file" in str(result.exception)
    assert result.stdout == ""


def test_every_report_of_an_end_is_one_of_reviews_for_applies_that_end_early() -> None:
    assert set(ENDING_FORMATS) <= set(REVIEW_FORMATS)


@pytest.mark.parametrize("command", ["plan", "show", "drift", "validate", "apply", "destroy"])
def test_the_help_names_every_format(run: Run, command: str) -> None:
    known = ENDING_FORMATS if command in ("apply", "destroy") else REVIEW_FORMATS
    text = CliRunner().invoke(reconciler, [command, "--help"], obj=Console()).stdout
    told = " ".join(text.split("--report FORMAT=PATH")[1].split("--report-link")[0].split())
    assert all(name in told for name in known)
