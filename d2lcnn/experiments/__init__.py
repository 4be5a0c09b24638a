"""Comparisons that the book's claims rest on: declared here, run by command, kept in `d2lcnn.results`.

``python -m d2lcnn experiment lenet`` runs what is missing of ``results/lenet.csv``; a run that was killed loses at
most the training it was in.
"""

from .alexnet import ALEXNET, ALEXNET_TUNING
from .backpropagation import BACKPROPAGATION, BACKPROPAGATION_TUNING
from .border import BORDER
from .decoders import DECODERS, nyquist_share
from .gated import GATED, GATED_TUNING
from .googlenet import GOOGLENET, GOOGLENET_TUNING
from .gridding import GRIDDING, GRIDDING_TUNING
from .images import balanced, permute
from .lenet import LENET, LENET_SUBSET, LENET_TUNING
from .locally_connected import LOCALLY_CONNECTED, LOCALLY_CONNECTED_TUNING
from .networks import NETWORKS, NETWORKS_GPU, NETWORKS_TUNING
from .nin import NIN, NIN_TUNING
from .resnet import RESNET, RESNET_TUNING
from .runner import Budget, missing, recompute, run, run_cell
from .sample_efficiency import PERMUTED_PIXELS, SAMPLE_EFFICIENCY, SAMPLE_EFFICIENCY_TUNING
from .separable import SEPARABLE, SEPARABLE_TUNING
from .sequences import ADDING, ADDING_TUNING, PARITY, PIXEL_SEQUENCES, PIXEL_SEQUENCES_TUNING
from .settings import Experiment, Setting
from .shift_stability import SHIFT_STABILITY
from .shifting import consistency
from .vgg import VGG, VGG_TUNING

EXPERIMENTS = {e.name: e for e in (SAMPLE_EFFICIENCY_TUNING, SAMPLE_EFFICIENCY, PERMUTED_PIXELS,
                                   LENET_TUNING, LENET, LENET_SUBSET, SHIFT_STABILITY, BORDER, DECODERS,
                                   NIN_TUNING, NIN, BACKPROPAGATION_TUNING, BACKPROPAGATION, VGG_TUNING, VGG,
                                   ALEXNET_TUNING, ALEXNET, NETWORKS_TUNING, NETWORKS,
                                   GOOGLENET_TUNING, GOOGLENET, RESNET_TUNING, RESNET,
                                   GATED_TUNING, GATED, GRIDDING_TUNING, GRIDDING,
                                   SEPARABLE_TUNING, SEPARABLE,
                                   ADDING_TUNING, ADDING, PIXEL_SEQUENCES_TUNING, PIXEL_SEQUENCES, PARITY,
                                   LOCALLY_CONNECTED_TUNING, LOCALLY_CONNECTED)}

# Larger configurations of an experiment, by profile and name; their results are not part of the package.
PROFILES = {"gpu": {"networks": NETWORKS_GPU}}

__all__ = ["EXPERIMENTS", "PROFILES", "Budget", "Experiment", "Setting", "balanced", "consistency", "missing",
           "nyquist_share", "permute", "recompute", "run", "run_cell"]
