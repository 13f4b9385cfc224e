#!/usr/bin/env bash
# Run the command and keep what it says, in a folder. Its own failure isn't one of this script:
# comment and artifact come first, then the last step fails.
set -uo pipefail

usage() {
  echo "::error::$1"
  exit 64
}

case "$COMMAND" in
  validate | plan | apply | drift) ;;
  *) usage "command is to be validate, plan, apply or drift" ;;
esac
[[ "$PLAN$ARTIFACT" != *$'\n'* ]] || usage "plan and artifact are one line each"
# Not for the command: a manifest may refer to any variable that it sees.
export -n TOKEN

folder=$(mktemp -d "$RUNNER_TEMP/reconciler.XXXXXXXX")
plan=${PLAN:-$folder/reconciler.plan}
[[ "$plan" == /* ]] || plan=$PWD/$plan # later steps run elsewhere
printf 'folder=%s\nplan=%s\n' "$folder" "$plan" >>"$GITHUB_OUTPUT"

# Variables by NAME=VALUE lines. One without a value is as if it weren't set: the command says
# which secret is missing.
take() {
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    [[ "$line" =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || usage "$1 takes NAME=VALUE lines"
    case "${line%%=*}" in
      TOKEN | COMMAND | FILES | WORKSPACE | ARGUMENTS | VARIABLES | ENVIRONMENT | PLAN | REVIEWED | \
        ARTIFACT | LINK | folder | plan | line | value | word | arguments | formats | code)
        usage "$1: ${line%%=*} is a name of this action's own; call the variable otherwise"
        ;;
    esac
    value=${line#*=}
    [ -n "$value" ] || continue
    [ "$1" != environment ] || echo "::add-mask::${value//'%'/%25}"
    export "${line?}"
  done
}
take variables <<<"$VARIABLES"
take environment <<<"$ENVIRONMENT"

# From here to the same word again, no line gives the runner an order, whatever a manifest says.
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$word"

arguments=()
while IFS= read -r line; do
  [ -z "$line" ] || arguments+=(--file "$line")
done <<<"$FILES"
[ -z "$WORKSPACE" ] || arguments+=(--workspace "$WORKSPACE")
while IFS= read -r line; do
  [ -z "$line" ] || arguments+=("$line")
done <<<"$ARGUMENTS"

formats=(markdown=report.md summary=summary.md annotations=annotations.txt junit=report.xml)
case "$COMMAND" in
  plan)
    rm -f -- "$plan" # an old one must not be taken for this one
    arguments+=(--out "$plan") formats+=(sarif=report.sarif html=report.html)
    ;;
  validate | drift) formats+=(sarif=report.sarif html=report.html) ;;
  apply) arguments=("$plan" ${arguments[@]+"${arguments[@]}"}) ;;
esac
for format in "${formats[@]}"; do
  arguments+=(--report "${format%%=*}=$folder/${format#*=}")
done
arguments+=(--report-link "$LINK")

code=0
if [ "$COMMAND" = apply ] && [ "$REVIEWED" = true ]; then
  GITHUB_TOKEN=$TOKEN reconciler reviewed --out "$plan" --key "plan${WORKSPACE:+/$WORKSPACE}" \
    --artifact "${ARTIFACT:-reconciler-plan}" --output json 2>&1 >"$folder/result.json" |
    tee "$folder/talk.txt"
  code=${PIPESTATUS[0]}
fi
if [ "$code" = 0 ]; then
  reconciler "$COMMAND" --output json "${arguments[@]}" 2>&1 >"$folder/result.json" |
    tee "$folder/talk.txt"
  code=${PIPESTATUS[0]}
fi
if [ "$COMMAND" = plan ] && [ -s "$plan" ]; then
  reconciler show "$plan"
  # With the reports, where `reviewed` looks for it.
  [ "$plan" = "$folder/reconciler.plan" ] || cp -- "$plan" "$folder/reconciler.plan"
fi

if [ ! -s "$folder/report.md" ]; then
  # The command didn't come as far as a report.
  {
    printf '### reconciler %s ended with exit code %s\n\n' "$COMMAND" "$code"
    sed 's/^/    /' "$folder/talk.txt"
    printf '\n[The whole log](%s)\n' "$LINK"
  } >"$folder/report.md"
  cp "$folder/report.md" "$folder/summary.md"
fi
printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"

echo "::$word::"
