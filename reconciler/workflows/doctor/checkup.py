"""All checks in their order: those that need the network run beside those that don't."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.diagnostics import Code, count
from reconciler.manifests import Loaded, load
from reconciler.resources import Variables
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context, Options, open_context
from reconciler.workflows.doctor.access import access_checks
from reconciler.workflows.doctor.installation import installation_checks
from reconciler.workflows.doctor.remembered import state_checks
from reconciler.workflows.doctor.secret_values import secret_checks
from reconciler.workflows.doctor.session import session_checks
from reconciler.workflows.trust import trust_for

_NEED_MANIFESTS = ("secrets", "address", "token", "state")


def check_up(paths: Sequence[Path], workspace: str | None, options: Options) -> tuple[Checked, ...]:
    """Look at everything that can be looked at; what depends on something that is wrong is skipped.

    Parameters: `options.timeout` are the seconds that one exchange may take, `options.now` is the
    clock that the workspace's is compared with.
    """
    loaded = load(paths, workspace=workspace, variables=Variables.of(options.environ))
    manifests = _manifests(loaded)
    if loaded.desired is None:
        why = "needs manifests without errors"
        rest = tuple(
            Checked(name=name, health=Health.SKIPPED, message=why) for name in _NEED_MANIFESTS
        )
        return (*installation_checks(None), manifests, *rest)
    trust = trust_for(loaded.desired, loaded.locator, paths, options.environ)
    context = open_context(loaded.desired, loaded.locator, options, trust=trust)
    parts: tuple[Callable[[Context], tuple[Checked, ...]], ...] = (
        secret_checks,
        session_checks,
        access_checks,
        state_checks,
    )
    pool = ThreadPoolExecutor(max_workers=len(parts), thread_name_prefix="doctor")
    try:
        found = [each.result() for each in [pool.submit(part, context) for part in parts]]
    finally:
        # Whoever interrupts it doesn't wait for an address that doesn't answer.
        pool.shutdown(wait=False)
    return (
        *installation_checks(context),
        manifests,
        *(check for checks in found for check in checks),
    )


def _manifests(loaded: Loaded) -> Checked:
    where = count(len(loaded.files), "file")
    if loaded.desired is None:
        errors = loaded.diagnostics.errors
        if all(item.code is Code.NO_MANIFESTS for item in errors):
            return Checked(
                name="manifests",
                health=Health.SKIPPED,
                message="there are none here",
                help=("give their folder with --file, or begin with `reconciler init`",),
            )
        first = errors[0]
        place = f" ({first.span})" if first.span else ""
        return Checked(
            name="manifests",
            health=Health.FAILED,
            message=f"{count(len(errors), 'error')} in {where}: {first.message}{place}",
            help=("`reconciler validate` shows them all", *first.help),
        )
    told = f"{count(len(loaded.desired.resources), 'resource')} of "
    told += f"{loaded.desired.workspace.name} in {where}"
    warnings = loaded.diagnostics.warnings
    if warnings:
        return Checked(
            name="manifests",
            health=Health.WARNING,
            message=f"{told}, {count(len(warnings), 'warning')}",
            help=("`reconciler validate` shows them",),
        )
    return Checked(name="manifests", health=Health.OK, message=told)
