#!/usr/bin/env bash
# One comment for a command: updated in place. A plan's says the digest of the plan, which is what
# `reviewed` compares. An apply's stands on the pull request that was merged.
set -euo pipefail

arguments=(--body "$FOLDER/report.md" --key "$COMMAND${WORKSPACE:+/$WORKSPACE}")
case "$COMMAND" in
  plan)
    arguments+=(--plan "$PLAN")
    # Where nothing is to do and nothing was said, there is nothing to say.
    if [ "$CODE" = 0 ] && [ "$CHANGES" = false ]; then arguments+=(--update-only); fi
    ;;
  validate) [ "$CODE" != 0 ] || arguments+=(--update-only) ;;
  apply) arguments+=(--merged) ;;
esac
reconciler publish comment "${arguments[@]}"
