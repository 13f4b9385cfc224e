"""Rules about files and about YAML."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.examples import server
from reconciler.explanations.model import Rule

FILE_CODES: Mapping[Code, Rule] = {
    Code.FILE_NOT_FOUND: Rule(
        means="A path that was given with --file doesn't exist, or is a link to nothing.",
        todo=("correct the path; relative ones start from the current folder",),
    ),
    Code.FILE_UNREADABLE: Rule(
        means="A file or folder is there and can't be read: its permissions forbid it, or it is "
        "no regular file. Nothing is planned on manifests that were read in part.",
        todo=("let the user that runs the command read it, or give another path",),
    ),
    Code.FILE_TOO_LARGE: Rule(
        means="A file has more than 8 MiB or 100,000 documents, a document more than 200,000 keys "
        "and values, all files together more than 64 MiB; or a folder, with what its links lead "
        "to, has more in it than can be searched. Manifests are written by people; something that "
        "large is another kind of file.",
        todo=("give a folder that holds manifests only", "split a manifest file that is meant"),
    ),
    Code.FILE_ENCODING: Rule(
        means="A file isn't UTF-8. The message names the first byte that doesn't belong.",
        todo=("save the file as UTF-8",),
    ),
    Code.SYMLINK_LOOP: Rule(
        means="A link leads back to itself, or to a folder that contains it, so that searching it "
        "would never end.",
        todo=("remove the link, or give the folders one by one",),
    ),
    Code.NO_MANIFESTS: Rule(
        means="No document was found: a folder without `*.yaml` or `*.yml`, or files that are "
        "empty. No manifests would mean to delete everything, so it has to be said otherwise.",
        todo=(
            "give the right folder with --file",
            "to delete everything that is owned, use `reconciler destroy`",
        ),
    ),
    Code.TOO_MANY_FAULTS: Rule(
        means="The manifests have more faults than anybody reads: the first thousand are told, and "
        "how many there are in all. Often one file of another kind makes most of them.",
        todo=("mend the first ones, or leave out the file that isn't a manifest",),
    ),
    Code.YAML_SYNTAX: Rule(
        means="The text isn't YAML. Often it is a tab, a bracket or a quote that isn't closed, or "
        "a text with `: ` in it that needs quotes.",
        todo=("mend the line that is shown; the fault may be in the line before",),
        bad=server("  description: Issues: all of them\n"),
        good=server('  description: "Issues: all of them"\n'),
    ),
    Code.YAML_ALIASES: Rule(
        means="An alias (`*name`) has no anchor (`&name`) before it, is inside what it repeats, or "
        "repeats so much that the text would grow beyond bounds.",
        todo=("define the anchor first, or write the value out",),
        bad=server("  displayName: *title\n"),
        good=server("  displayName: &title Issues\n  description: *title\n"),
    ),
    Code.YAML_DEPTH: Rule(
        means="Lists and mappings are nested deeper than any manifest needs.",
        todo=("look for a bracket or a dash too many",),
        bad=server(f"  tools: {'[' * 300}{']' * 300}\n"),
        good=server("  tools: {search: {stake: low}}\n"),
    ),
    Code.YAML_TAG: Rule(
        means="A tag (`!name`) asks for a type of its own. Manifests are plain values: text, "
        "numbers, true and false, lists and mappings.",
        todo=("remove the tag; a secret is a reference, such as `{env: NAME}`",),
        bad=server("  description: !upper issues\n"),
        good=server("  description: Issues\n"),
    ),
    Code.DUPLICATE_KEY: Rule(
        means="A key stands twice in one mapping. YAML readers keep one of the two and drop the "
        "other in silence; here it is an error.",
        todo=("remove one of the two", "header names are the same in any letter case"),
        bad=server("  displayName: GitHub\n  displayName: Issues\n"),
        good=server("  displayName: GitHub\n"),
    ),
}
