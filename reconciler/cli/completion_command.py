"""`reconciler completion`: a script that makes a shell complete our commands.

Click's own scripts give up on `--target=Spa`: bash takes words apart at `=` and `:`, zsh replaces
the option as well, and fish offers only what begins with it.
"""

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is offered has to begin where bash begins to replace: `$2` is the word's end, behind a break.
_BASH = r"""
%(complete_func)s() {
    local IFS=$'\n' response completion type value
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_END="$2" \
        %(complete_var)s=bash_complete "$1")
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_ZSH = r"""
#compdef %(prog_name)s
%(complete_func)s() {
    local -a plain told response
    local option="" type key descr
    (( ! $+commands[%(prog_name)s] )) && return 1
    [[ ${words[CURRENT]} == --*=* ]] && option="${words[CURRENT]/=*/}="
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
        %(complete_var)s=zsh_complete %(prog_name)s)}")
    for type key descr in ${response}; do
        case $type in
            plain)
                if [[ $descr == _ ]]; then plain+=("$option$key")
                else told+=("$option$key:$descr"); fi ;;
            dir) [[ -n $option ]] && compset -P 1 '*='; _path_files -/ ;;
            file) [[ -n $option ]] && compset -P 1 '*='; _path_files -f ;;
        esac
    done
    (( $#told )) && _describe -V unsorted told -U
    (( $#plain )) && compadd -U -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""
_FISH = r"""
function %(complete_func)s
    set -l option (string match -r -- '^--[^=]+=' (commandline -t)); or set option ''
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \
        COMP_CWORD=(commandline -t) %(prog_name)s)
    for completion in $response
        set -l told (string split -m 1 , -- $completion)
        switch $told[1]
            case dir
                string replace -r '^' -- $option (__fish_complete_directories $told[2])
            case file
                string replace -r '^' -- $option (__fish_complete_path $told[2])
            case plain
                echo -- $option$told[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Bash(BashComplete):
    """Bash, told of the whole line up to the cursor instead of the words that it makes of it."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE")
        if line is None:  # a script of an earlier version
            return super().get_completion_args()
        words = split_arg_string(line)[1:]
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        return words, incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        option, joined, value = incomplete.partition("=")
        whole = value if joined and option.startswith("-") else incomplete
        end = os.environ.get("COMP_END", whole)
        kept = len(whole) - len(end) if whole.endswith(end) else 0
        found = super().get_completions(args, incomplete)
        for item in found:
            if item.type == "plain":
                item.value = item.value[kept:]
        return found

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value}"


class _Zsh(ZshComplete):
    """Zsh, which replaces the whole word, an `--option=` before the value included."""

    source_template = _ZSH

    def format_completion(self, item: CompletionItem) -> str:
        value = item.value.replace(":", r"\:") if item.help else item.value
        return f"{item.type}\n{value}\n{item.help or '_'}"


class _Fish(FishComplete):
    """Fish, which takes only what begins with the whole word."""

    source_template = _FISH

    def format_completion(self, item: CompletionItem) -> str:
        told = f"\t{' '.join(item.help.split())}" if item.help else ""
        return f"{item.type},{item.value}{told}"


_SHELLS: "Mapping[str, type[ShellComplete]]" = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
for _name, _class in _SHELLS.items():
    add_completion_class(_class, _name)

_VARIABLE = "_RECONCILER_COMPLETE"
"""The variable that click looks at, made of the program's name."""


@click.command()
@click.argument("shell", type=click.Choice([*_SHELLS]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options, addresses and topics in SHELL.

    \b
    bash:  echo 'eval "$(reconciler completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(reconciler completion zsh)"' >> ~/.zshrc    (after compinit)
    fish:  reconciler completion fish > ~/.config/fish/completions/reconciler.fish

    Addresses are read from the manifests at --file (default: the current folder) and their state;
    no workspace is asked.
    """
    console = ctx.find_object(Console)
    assert console is not None
    root = ctx.find_root()
    script = _SHELLS[shell](root.command, {}, root.info_name or "reconciler", _VARIABLE)
    # Not bash's own `source`, which runs a bash to look at its version: it may be elsewhere.
    console.exactly(ShellComplete.source(script))
    return 0
