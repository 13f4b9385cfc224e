"""A check-up of what a run needs: looked at side by side, nothing written, bounded in time."""

from reconciler.workflows.doctor.checkup import check_up

__all__ = ["check_up"]
