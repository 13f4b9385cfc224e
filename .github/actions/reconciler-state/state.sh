#!/usr/bin/env bash
# State files that are committed: `take` the newest of the branch before an apply, `keep` what the
# apply wrote. Only the folder of the state is touched.
set -euo pipefail

# In the environment, so that the token is in no file and no process list, and goes to this server.
export GIT_CONFIG_COUNT=1
export GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$TOKEN" | base64 | tr -d '\n')"
export GIT_CONFIG_VALUE_0

fetch() {
  git fetch --quiet --depth 1 origin "refs/heads/$BRANCH"
}

case "$WHAT" in
  take)
    fetch
    if git cat-file -e "FETCH_HEAD:$STATE" 2>/dev/null; then
      git checkout --quiet FETCH_HEAD -- "$STATE"
    fi
    ;;
  keep)
    [ -d "$STATE" ] || exit 0
    kept=$(mktemp -d)
    cp -R "$STATE/." "$kept"
    find "$kept" -name '*.lock' -delete
    for attempt in 1 2 3; do
      fetch
      git checkout --quiet --force --detach FETCH_HEAD
      rm -rf "$STATE"
      mkdir -p "$STATE"
      cp -R "$kept/." "$STATE"
      git add --all -- "$STATE"
      if git diff --cached --quiet; then exit 0; fi
      git -c user.name=reconciler -c user.email=reconciler@users.noreply.github.com \
        commit --quiet --message "State after apply"
      # Where somebody merged in the meantime, once more on top of that.
      if git push --quiet origin "HEAD:refs/heads/$BRANCH"; then exit 0; fi
      echo "the branch has moved, or takes no push (attempt $attempt)"
    done
    echo "::error title=state not kept::the branch doesn't take the state; it is in the artifact" \
      "reconciler-state: commit it before the next apply"
    exit 1
    ;;
esac
