#!/usr/bin/env bash
# State files that are committed: `take` the newest of the branch before an apply, `keep` what the
# apply wrote. Only files of the state that this job changed are touched: others in the folder may be
# another workspace's, which another job has written meanwhile.
set -euo pipefail

# In the environment, so that the token is in no file and no process list, and goes to this server.
export GIT_CONFIG_COUNT=1
export GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$TOKEN" | base64 | tr -d '\n')"
export GIT_CONFIG_VALUE_0

taken=$RUNNER_TEMP/reconciler-state-taken

fetch() {
  git fetch --quiet --depth 1 origin "refs/heads/$BRANCH"
}

case "$WHAT" in
  take)
    fetch
    if git cat-file -e "FETCH_HEAD:$STATE" 2>/dev/null; then
      git checkout --quiet FETCH_HEAD -- "$STATE"
    fi
    git rev-parse FETCH_HEAD >"$taken"
    ;;
  keep)
    # Where nothing was taken, nothing was applied, and what lies here may be old.
    [ -s "$taken" ] && [ -d "$STATE" ] || exit 0
    changes=$(mktemp) kept=$(mktemp -d)
    cp -R "$STATE/." "$kept"
    git add --all -- "$STATE" ':(exclude,glob)**/*.lock'
    git diff --cached --binary "$(cat "$taken")" -- "$STATE" >"$changes"
    [ -s "$changes" ] || exit 0
    for attempt in 1 2 3; do
      fetch
      git checkout --quiet --force --detach FETCH_HEAD
      # The same file in two jobs is an error: one of them worked on a state that wasn't the newest.
      git apply --index "$changes" || break
      git -c user.name=reconciler -c user.email=reconciler@users.noreply.github.com \
        commit --quiet --message "State after apply"
      # Where somebody merged in the meantime, once more on top of that.
      if git push --quiet origin "HEAD:refs/heads/$BRANCH"; then exit 0; fi
      echo "the branch has moved, or takes no push (attempt $attempt)"
    done
    # For the artifact: what this job wrote, whatever the branch has.
    mkdir -p "$STATE" && cp -R "$kept/." "$STATE"
    echo "::error title=state not kept::the branch doesn't take the state, or another job has" \
      "written the same file; it is in the artifact reconciler-state: commit it before the next apply"
    exit 1
    ;;
esac
