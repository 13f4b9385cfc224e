"""A package of somebody else that adds schemes of secrets, made into a wheel and installed."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ENTRY_POINTS = {
    "keeper": "keeper_plugin.keeper:Keeper",
    "absent": "keeper_plugin.absent:Keeper",
    "raises-at-import": "keeper_plugin.raising",
    "no-such-name": "keeper_plugin.keeper:Absent",
    "raises-when-made": "keeper_plugin.keeper:RaisesWhenMade",
    "exits-when-made": "keeper_plugin.keeper:exits_when_made",
    "no-backend": "keeper_plugin.keeper:no_backend",
    "vault": "keeper_plugin.keeper:Keeper",
    "twice": "keeper_plugin.keeper:Keeper",
}


def install(target: Path, name: str, entry_points: dict[str, str]) -> None:
    """Install the package into a folder under a name, as pip does with any wheel."""
    wheel = target.parent / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    points = "".join(f"{scheme} = {place}\n" for scheme, place in entry_points.items())
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[reconciler.secrets]\n{points}",
    }
    if name == "keeper-plugin":
        here = Path(__file__).parent
        files |= {
            f"keeper_plugin/{one}": (here / one).read_text("utf-8")
            for one in ("keeper.py", "raising.py")
        }
        files["keeper_plugin/__init__.py"] = ""
    with ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in files))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
         "--disable-pip-version-check", "--no-compile", "--target", target, wheel],
        check=True,
        capture_output=True,
    )  # fmt: skip
