"""The starter that `reconciler init` writes: commented manifests and a CI workflow."""

from importlib import resources
from pathlib import Path

from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.schemas import schema_texts

_FILES = {
    "workspace.yaml": "manifests/workspace.yaml",
    "spaces.yaml": "manifests/spaces.yaml",
    "servers.yaml": "manifests/servers.yaml",
    "workflow.yaml": ".github/workflows/reconciler.yaml",
}
_SCHEMA = "manifests/.schemas/manifest.schema.json"


def write_starter(folder: Path, *, name: str, workspace_id: str, region: str) -> list[Path]:
    """Write the starter into `folder`; raises Stop, before writing any, when a file exists."""
    package = resources.files(__package__)
    texts = {
        folder / target: (package / source)
        .read_text("utf-8")
        .replace("@NAME@", name)
        .replace("@WORKSPACE_ID@", workspace_id)
        .replace("@REGION@", region)
        for source, target in _FILES.items()
    }
    texts[folder / _SCHEMA] = schema_texts()["manifest"]
    taken = [path for path in texts if path.exists()]
    if taken:
        raise Stop(
            Exit.FAILED,
            f"{taken[0]} exists already; nothing was written",
            help=("choose another folder, or move the file away",),
        )
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stop(
            Exit.FAILED, f"the starter can't be written: {error.strerror or error}"
        ) from error
    return sorted(texts)
