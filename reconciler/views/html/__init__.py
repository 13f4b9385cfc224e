"""The review as one HTML file that a browser shows without any network."""

from reconciler.views.html.page import html_report

__all__ = ["html_report"]
