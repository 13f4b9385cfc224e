#!/usr/bin/env bash
# One issue, open while there is drift. A run that couldn't look leaves it as it is.
set -euo pipefail

title="Drift${WORKSPACE:+ in $WORKSPACE}"
arguments=(--title "$title" --key "drift${WORKSPACE:+/$WORKSPACE}" --label drift)
case "$CODE" in
  0 | 2 | 4)
    if [ "$DRIFTED" != 0 ]; then
      reconciler publish issue "${arguments[@]}" --body "$FOLDER/report.md"
    else
      reconciler publish issue "${arguments[@]}" --close --body - \
        <<<"No drift any more: the workspace is as last applied."
    fi
    ;;
  *) echo "drift wasn't looked for to the end (exit code $CODE); the issue stays as it is" ;;
esac
