"""The tests, a folder a part of the package; what several of them use is in `parts`."""
