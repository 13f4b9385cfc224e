"""`python -m reconciler` is the `reconciler` command.

In a checkout of somebody else's take the command, or `python -I -m reconciler`: with `-m` alone
Python looks into the current folder before the first line here can take it off the search path,
for a package `reconciler`, and for modules of its own such as `contextlib`.
"""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # `-m` puts the current folder first, where a `yaml.py` may lie beside the manifests.
        del sys.path[0]
    from reconciler.cli import main

    main()
