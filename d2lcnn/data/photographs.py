"""Photographs from scikit-image's wheel."""

import importlib.util
from pathlib import Path

import numpy as np

#: Photographs that scikit-image carries in its wheel: name -> (what it shows, credit, terms). PNG files
#: only, because JPEG decoders may differ by a grey level from version to version.
PHOTOGRAPHS = {
    "astronaut": ("Eileen Collins, astronaut", "NASA", "public domain"),
    "brick": ("a brick wall", "cc0textures.com, Bricks25", "CC0"),
    "camera": ("a man with a camera on a tripod", "Lav Varshney", "CC0"),
    "chelsea": ("Chelsea the cat", "Stefan van der Walt", "CC0"),
    "coffee": ("a cup of espresso", "Rachel Michetti, Pikolo Espresso Bar", "CC0"),
    "coins": ("Greek coins from Pompeii", "Brooklyn Museum Collection", "no known copyright restrictions"),
    "grass": ("grass", "linolafett, DeviantArt", "CC0"),
    "gravel": ("gravel", "cc0textures.com, Gravel04", "CC0"),
}


def photograph(name: str, gray: bool = False) -> np.ndarray:
    """Load one of the photographs that scikit-image carries; never from the network.

    Parameters
    ----------
    name : str
        A key of ``PHOTOGRAPHS``, which also holds credits and terms.
    gray : bool
        Return luminance, (2125 R + 7154 G + 721 B) / 10000, rounded (ITU-R BT.709 weights, as scikit-image).

    Returns
    -------
    ndarray of uint8
        (H, W, 3), or (H, W) if ``gray`` or if the photograph has no colour.

    Raises
    ------
    ValueError
        Unknown name.
    ImportError
        scikit-image is not installed.
    FileNotFoundError
        This version of scikit-image does not carry the photograph.

    Examples
    --------
    >>> photograph("chelsea").shape, photograph("chelsea", gray=True).shape
    ((300, 451, 3), (300, 451))
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(f"name must be one of {', '.join(PHOTOGRAPHS)}, got {name!r}")
    # found, not imported: only its picture files are wanted, and its own loader may download
    package = importlib.util.find_spec("skimage")
    if package is None:
        raise ImportError("the photographs come with scikit-image: pip install scikit-image")
    path = Path(package.origin).parent / "data" / f"{name}.png"
    if not path.is_file():
        raise FileNotFoundError(f"the installed scikit-image does not carry {name!r}: {path} is missing")
    from PIL import Image  # comes with matplotlib

    with Image.open(path) as picture:
        pixels = np.array(picture)
    if gray and pixels.ndim == 3:
        pixels = ((pixels @ np.array([2125, 7154, 721]) + 5000) // 10000).astype(np.uint8)
    return pixels
