"""Everything that derives from the repository's address.

``repository.url`` in ``_config.yml`` is the one setting. During the build this
Sphinx extension derives from it the address of the site, which canonical links,
the sitemap and Open Graph need; ``tools/address.py`` rewrites from it the files
that Sphinx does not build.
"""

import re
from dataclasses import dataclass

URL = re.compile(r"https://github\.com/(?P<owner>[A-Za-z0-9-]+)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Address:
    """Where the project lives.

    Parameters
    ----------
    owner, name : str
        The two parts of ``https://github.com/owner/name``.
    """

    owner: str
    name: str

    @property
    def repository(self):
        """Address of the repository, without a slash at the end."""
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def host(self):
        """Host of GitHub Pages for this owner."""
        return f"{self.owner.lower()}.github.io"

    @property
    def site(self):
        """Address of the published book, with a slash at the end."""
        # A repository named like the owner's host is published at its root.
        return f"https://{self.host}/" if self.name.lower() == self.host else f"https://{self.host}/{self.name}/"


def parse_address(url):
    """Read the address of a GitHub repository.

    Parameters
    ----------
    url : str
        ``https://github.com/owner/name``

    Returns
    -------
    Address

    Raises
    ------
    ValueError
        If `url` is anything else.

    Examples
    --------
    >>> parse_address("https://github.com/Ann/book").site
    'https://ann.github.io/book/'
    """
    match = URL.fullmatch(str(url))
    if match is None:
        raise ValueError(f"repository url must look like https://github.com/owner/name, got {url!r}")
    return Address(match["owner"], match["name"])


def _derive(app, config):
    address = parse_address(config.html_theme_options.get("repository_url"))
    config.html_baseurl = address.site
    config.ogp_site_url = address.site


def setup(app):
    """Register the hook with Sphinx."""
    app.connect("config-inited", _derive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
