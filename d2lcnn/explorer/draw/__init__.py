"""Stills: the pictures of the figures, as SVG, PNG and GIF."""
