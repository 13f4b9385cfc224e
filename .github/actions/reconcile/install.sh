#!/usr/bin/env bash
# The tool of this very checkout, and what it stands on as it was locked: a file that the locks don't
# know by its hash isn't taken, and nothing of an index is built, so none of its code runs here.
#
#   install.sh FOLDER [EXTRA,…]
set -euo pipefail

venv=$1 extras=${2:-}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
locks=$source/.github/locks

chosen=(--requirement "$locks/build.txt" --requirement "$locks/tool.txt")
IFS=, read -ra names <<<"$extras"
for name in ${names[@]+"${names[@]}"}; do
  if ! [[ "$name" =~ ^[a-z]+$ && -f "$locks/$name.txt" ]]; then
    echo "::error::there is no extra of that name"
    exit 64
  fi
  chosen+=(--requirement "$locks/$name.txt")
done

# Without the folder of the checkout among the places that Python imports from.
python -I -m venv "$venv"
pip=("$venv/bin/python" -I -m pip --disable-pip-version-check install --quiet)
"${pip[@]}" --require-hashes --only-binary :all: "${chosen[@]}"
"${pip[@]}" --no-deps --no-index --no-build-isolation "$source"
