"""Write the project's address into the files that the book's build does not reach; with --check, only compare.

    python tools/address.py [--check]

``repository.url`` in _config.yml is the one setting. Every address of a repository or site of our name, whoever owns
it, is replaced by ours in place (repository, site, Colab and Binder links, raw files), so notebooks keep their bytes
otherwise. The name that the files hold so far is read from pyproject.toml.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from site_address import parse_address  # noqa: E402  (a Sphinx hook, not a package)

FILES = (
    "pyproject.toml",
    "CITATION.cff",
    "*.md",
    "book/**/*.md",
    "notebooks/**/*.ipynb",
    "d2lcnn/**/*.py",
    "tools/*.py",
)
# What stands before owner/name in addresses of GitHub and of the services that open notebooks from it.
HOSTS = r"(?:github\.com|raw\.githubusercontent\.com|colab\.research\.google\.com/github|mybinder\.org/v2/gh)"
OWNER, END = "[A-Za-z0-9-]+", r"(?![A-Za-z0-9_-])"


def configured(root=ROOT):
    """Return the address that _config.yml sets."""
    return parse_address(yaml.safe_load((root / "_config.yml").read_text("utf8"))["repository"]["url"])


def listed_files(root=ROOT):
    """Return the files that may hold the address, sorted."""
    return sorted({path for pattern in FILES for path in root.glob(pattern) if ".ipynb_checkpoints" not in path.parts})


def stale(root=ROOT):
    """Find the files that hold another address than the setting.

    Returns
    -------
    list of (pathlib.Path, str)
        Each file with the text that it should hold.
    """
    address, site = configured(root), configured(root).site.rstrip("/")
    urls = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["urls"]
    old, found = parse_address(urls["Repository"]), []
    names = "|".join({re.escape(old.name), re.escape(address.name)})
    for path in listed_files(root):
        text = path.read_bytes().decode("utf8")
        new = re.sub(rf"({HOSTS}/){OWNER}/(?:{names}){END}", rf"\g<1>{address.owner}/{address.name}", text)
        new = re.sub(rf"(?:https://{OWNER}\.github\.io/(?:{names})|{re.escape(old.site.rstrip('/'))}){END}", site, new)
        if path.name == "pyproject.toml":
            new = new.replace(f'"{urls["Book"]}"', f'"{address.site}"')
        if new != text:
            found.append((path, new))
    return found


def main(argv=None, root=ROOT):
    """Rewrite; or with ``--check`` name the files that disagree, and exit with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 on a disagreement")
    check, found = parser.parse_args(argv).check, stale(root)
    for path, text in found:
        if check:
            print(f"{path.relative_to(root)}: holds another address; run python tools/address.py")
        else:
            print(f"{path.relative_to(root)}: written")
            path.write_bytes(text.encode("utf8"))
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
