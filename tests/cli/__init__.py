"""Tests of the command line alone: shells, terminals, words."""
