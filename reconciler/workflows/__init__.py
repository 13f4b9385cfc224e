"""Workflows: wire the stages together for each command. I/O happens here and below."""

from reconciler.workflows.applying import Applied, apply, exit_code
from reconciler.workflows.connecting import connect, takes_a_person
from reconciler.workflows.context import (
    Context,
    Options,
    as_stops,
    load_manifests,
    open_context,
)
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.planning import Planned, make
from reconciler.workflows.probing import probe_server
from reconciler.workflows.saved import open_saved, read_saved, saved_view, write_plan

__all__ = [
    "Applied",
    "Context",
    "Exit",
    "Options",
    "Planned",
    "Stop",
    "apply",
    "as_stops",
    "connect",
    "exit_code",
    "load_manifests",
    "make",
    "open_context",
    "open_saved",
    "probe_server",
    "read_saved",
    "saved_view",
    "takes_a_person",
    "write_plan",
]
