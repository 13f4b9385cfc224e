"""Views: plans and reports as text."""
