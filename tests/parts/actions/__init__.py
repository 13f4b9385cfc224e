"""A runner for actions and workflows, as far as those of this repository go; it is not GitHub's."""

from tests.parts.actions.jobs import Run, run_workflow
from tests.parts.actions.steps import Machine, StepsDone

__all__ = ["Machine", "Run", "StepsDone", "run_workflow"]
