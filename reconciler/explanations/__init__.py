"""What codes, gates, exit codes and fields mean, each as a page. Pure."""

from reconciler.explanations.codes import RULES
from reconciler.explanations.exits import EXITS
from reconciler.explanations.lookup import closest, explain, pages, topics
from reconciler.explanations.model import Child, Explanation, Hold, Rule, Sort

__all__ = [
    "EXITS",
    "RULES",
    "Child",
    "Explanation",
    "Hold",
    "Rule",
    "Sort",
    "closest",
    "explain",
    "pages",
    "topics",
]
