"""Write the project's address into the files that the book's build does not reach; with --check, only compare.

    python tools/address.py [--check]

``repository.url`` in _config.yml is the one setting. The address that the files hold so far is read from
pyproject.toml; every form of it (repository, site, Colab and Binder links, raw files) is replaced in place, so
notebooks keep their bytes otherwise. --check also finds addresses of a repository of our name with another owner.
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


def configured(root=ROOT):
    """Return the address that _config.yml sets."""
    return parse_address(yaml.safe_load((root / "_config.yml").read_text("utf8"))["repository"]["url"])


def written(root=ROOT):
    """Return the address that the files hold so far."""
    return parse_address(tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["urls"]["Repository"])


def listed_files(root=ROOT):
    """Return the files that may hold the address, sorted."""
    return sorted({path for pattern in FILES for path in root.glob(pattern) if ".ipynb_checkpoints" not in path.parts})


def replaced(text, old, new):
    """Replace one address by another in all its forms.

    Parameters
    ----------
    text : str
    old, new : Address

    Returns
    -------
    str
    """
    text = re.sub(
        rf"({HOSTS}/){re.escape(old.owner)}/{re.escape(old.name)}\b(?![A-Za-z0-9_-])",
        rf"\g<1>{new.owner}/{new.name}",
        text,
    )
    site = re.escape(old.site.rstrip("/"))
    return re.sub(rf"{site}(?![A-Za-z0-9_-])", new.site.rstrip("/"), text)


def strangers(text, address):
    """Find addresses of a repository or site that is named like ours and has another owner.

    Parameters
    ----------
    text : str
    address : Address

    Returns
    -------
    list of str
    """
    name = re.escape(address.name)
    found = re.findall(rf"{HOSTS}/([A-Za-z0-9-]+)/{name}(?![A-Za-z0-9_-])", text)
    bad = [f"{owner}/{address.name}" for owner in found if owner != address.owner]
    hosts = re.findall(rf"([A-Za-z0-9-]+\.github\.io)/{name}(?![A-Za-z0-9_-])", text)
    return bad + [f"{host}/{address.name}" for host in hosts if host != address.host]


def disagreements(root=ROOT):
    """List what does not follow from the setting.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    list of str
        "file: what", empty if all agree.
    """
    address, old, problems = configured(root), written(root), []
    if old != address:
        problems.append(f"pyproject.toml: {old.repository} is not {address.repository}")
    for path in listed_files(root):
        text, name = path.read_text("utf8"), path.relative_to(root)
        if old != address and replaced(text, old, address) != text and name.name != "pyproject.toml":
            problems.append(f"{name}: holds {old.repository} or {old.site}")
        problems += [f"{name}: {stranger}" for stranger in strangers(text, address)]
    site = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["urls"].get("Book")
    if site != address.site and old == address:
        problems.append(f"pyproject.toml: Book is {site!r}, not {address.site!r}")
    return problems


def rewrite(root=ROOT):
    """Bring every file to the address of _config.yml and return the files that changed."""
    address, old, changed = configured(root), written(root), []
    for path in listed_files(root):
        text = path.read_text("utf8")
        new = replaced(text, old, address)
        if new != text:
            path.write_text(new, "utf8", newline="\n")
            changed.append(path)
    return changed


def main(argv=None, root=ROOT):
    """Rewrite, or compare with ``--check``; exit with 1 on a disagreement."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 on a disagreement")
    if not parser.parse_args(argv).check:
        for path in rewrite(root):
            print(f"address written: {path.relative_to(root)}")
    problems = disagreements(root)
    for problem in problems:
        print(problem)
    if problems:
        print("run: python tools/address.py (an address of another owner must be mended by hand)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
