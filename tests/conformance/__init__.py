"""The specification's own conformance suite, run against the OAuth client."""
