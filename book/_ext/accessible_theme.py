"""Mends of the theme's pages that no option reaches."""


def setup(app):
    """Register the hooks with Sphinx."""
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
