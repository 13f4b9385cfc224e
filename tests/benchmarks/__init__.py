"""Benchmarks: what the tool costs, as ratios inside one run (`python -m tests.benchmarks`)."""
