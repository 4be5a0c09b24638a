"""The loss that training makes small: cross-entropy, smoothed and weighted as the recipe says."""

import torch
from torch.nn.functional import cross_entropy

from ..recipe import BALANCED
from .batches import balanced_weights


class TrainingLoss:
    """Sum over a batch of the cross-entropy, each image with the weight of its class.

    Parameters
    ----------
    recipe : Recipe
    labels : numpy.ndarray, integer
        Of all training images: "balanced" weights are theirs, so that every batch uses the same.
    """

    def __init__(self, recipe, labels):
        self.smoothing, self.asked = recipe.label_smoothing, recipe.class_weights
        self.weights = balanced_weights(labels) if self.asked == BALANCED else self.asked

    def __call__(self, logits, y):
        """Return the sum over the images of a batch, in nats; logits (N, classes), labels (N,)."""
        return cross_entropy(logits, y, weight=self._for(logits), reduction="sum", label_smoothing=self.smoothing)

    def _for(self, logits):
        """Return the weights of all classes that the network knows."""
        if self.weights is None:
            return None
        weights, classes = torch.as_tensor(self.weights, dtype=logits.dtype, device=logits.device), logits.shape[1]
        if self.asked == BALANCED:  # classes beyond the largest label have no images
            return torch.nn.functional.pad(weights, (0, classes - len(weights)))
        if len(weights) != classes:
            raise ValueError(f"class_weights has {len(weights)} numbers, but the network has {classes} classes")
        return weights
