"""Fashion-MNIST and a few photographs as NumPy arrays, a few short texts as strings; torch is not needed.

Images stay uint8 in memory, a quarter of what float32 takes; ``train.batches`` converts whole batches on the way out.
"""

from .fashion import CLASSES, Images, Splits, fashion_mnist
from .photographs import PHOTOGRAPHS, photograph
from .texts import TEXTS, text

__all__ = ["CLASSES", "PHOTOGRAPHS", "TEXTS", "Images", "Splits", "fashion_mnist", "photograph", "text"]
