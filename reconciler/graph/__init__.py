"""Order: what must be done before what."""

from reconciler.graph.ordering import Sorted, order

__all__ = ["Sorted", "order"]
