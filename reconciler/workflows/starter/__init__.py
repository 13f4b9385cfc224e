"""The starter that `reconciler init` writes: commented manifests and a CI workflow."""

import json
import re
from importlib import metadata, resources
from pathlib import Path

from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.outputs import write_output
from reconciler.workflows.schemas import schema_texts

_FILES = {
    "workspace.yaml": "manifests/workspace.yaml",
    "spaces.yaml": "manifests/spaces.yaml",
    "servers.yaml": "manifests/servers.yaml",
    "workflow.yaml": ".github/workflows/reconciler.yaml",
}
_NOWHERE = "OWNER/reconciler", "0" * 40
_FILL_IN = re.compile(r"^# Put the repository .*\n# .*\n", re.MULTILINE)
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_SCHEMA = "manifests/.schemas/manifest.schema.json"


def filled_in(text: str, origin: str) -> str:
    """The workflow with the place that the tool is from; as it is where `origin` doesn't say that.

    Parameters: `origin` is what pip wrote down of an installation (`direct_url.json`, PEP 610); it
    counts when that is a commit of GitHub's.
    """
    try:
        said = json.loads(origin)
        source = _GITHUB.fullmatch(said["url"])
        commit = re.fullmatch(r"[0-9a-f]{40}", said["vcs_info"]["commit_id"])
    except (ValueError, KeyError, TypeError):
        return text
    if source is None or commit is None:
        return text
    for placeholder, found in zip(_NOWHERE, (source[1], commit[0]), strict=True):
        text = text.replace(placeholder, found)
    return _FILL_IN.sub("", text)


def _origin() -> str:
    try:
        return metadata.distribution("reconciler").read_text("direct_url.json") or ""
    except metadata.PackageNotFoundError:
        return ""


def write_starter(folder: Path, *, name: str, workspace_id: str, region: str) -> list[Path]:
    """Write the starter into `folder`; raises Stop, before writing any, when a file exists."""
    package, origin = resources.files(__package__), _origin()
    texts = {
        folder / target: filled_in((package / source).read_text("utf-8"), origin)
        .replace("@NAME@", name)
        .replace("@WORKSPACE_ID@", workspace_id)
        .replace("@REGION@", region)
        for source, target in _FILES.items()
    }
    texts[folder / _SCHEMA] = schema_texts()["manifest"]
    taken = [path for path in texts if path.exists() or path.is_symlink()]
    if taken:
        raise Stop(
            Exit.FAILED,
            f"{taken[0]} exists already; nothing was written",
            help=("choose another folder, or move the file away",),
        )
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_output(path, text.encode())
    except OSError as error:
        raise Stop(
            Exit.FAILED, f"the starter can't be written: {error.strerror or error}"
        ) from error
    return sorted(texts)
