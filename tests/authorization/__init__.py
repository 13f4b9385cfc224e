"""The OAuth client."""
