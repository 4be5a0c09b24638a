"""The weights that training ends with, where they are not the last ones: an average, or those of the best epoch."""

import copy

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Kept:
    """What a run keeps of its network beside the weights of the moment.

    Parameters
    ----------
    net : torch.nn.Module
    recipe : Recipe
        Its `ema` asks for an average, its `patience` for the best epoch.

    Attributes
    ----------
    average : torch.optim.swa_utils.AveragedModel or None
        Starts with the weights after the first step.
    best : dict or None
        State of the best epoch so far.
    """

    def __init__(self, net, recipe):
        self.patience, self.best = recipe.patience, None
        self.average = recipe.ema and AveragedModel(
            net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)

    def after_step(self, net):
        """Move the average towards the weights of the moment."""
        if self.average:
            self.average.update_parameters(net)

    def measured(self, net):
        """Return the network that validation looks at."""
        return self.average.module if self.average else net

    def after_epoch(self, net, history):
        """Remember the weights if this epoch is the best; `history` holds its validation loss already."""
        if self.patience and history.best == len(history):
            self.best = copy.deepcopy(self._state(net))

    def finished(self, history):
        """Tell whether patience has run out."""
        return bool(self.patience and len(history) and len(history) - history.best >= self.patience)

    def give_back(self, net):
        """Let the network end with what was kept."""
        net.load_state_dict(self._state(net) if self.best is None else self.best)

    def _state(self, net):
        """Return the state to keep: averages of what can be averaged, which counts of batches cannot."""
        state = net.state_dict()
        if self.average and self.average.n_averaged:
            averages = self.average.module.state_dict()
            state |= {name: averages[name] for name, value in state.items() if value.is_floating_point()}
        return state

    def state_dict(self):
        """Return what a checkpoint must hold."""
        return {"average": self.average.state_dict() if self.average else None, "best": self.best}

    def load_state_dict(self, state):
        """Take up what a checkpoint held."""
        self.best = state["best"]
        if self.average:
            self.average.load_state_dict(state["average"])
