"""Tests of how the tool is packed."""
