"""Reports as Markdown that always fits, for comments and step summaries of GitHub and GitLab."""

from reconciler.views.markdown.blocks import LONGEST_LINK
from reconciler.views.markdown.ending import ending_markdown
from reconciler.views.markdown.fitting import octets, utf16_units
from reconciler.views.markdown.reviewing import review_markdown

__all__ = ["LONGEST_LINK", "ending_markdown", "octets", "review_markdown", "utf16_units"]
