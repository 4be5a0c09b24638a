"""Training of what is no classifier of images in memory: Adam, a constant rate, any batches, any loss."""

import time

from d2lcnn.later import Later

torch = Later("torch")


def adam(net, batches, loss, *, lr, clip=None):
    """Train in place, step by step; the caller looks at the network whenever it likes.

    Parameters
    ----------
    net : torch.nn.Module
    batches : iterable
        Of tuples.
    loss : function
        ``loss(net, *batch)`` gives a scalar tensor.
    lr : float
    clip : float, optional
        The largest norm of the gradient, of all parameters together.

    Yields
    ------
    float
        Core-seconds of the step just made.

    Raises
    ------
    FloatingPointError
        As soon as a loss is not finite.

    Examples
    --------
    >>> net, x = torch.nn.Linear(1, 1), torch.ones(4, 1)
    >>> steps = adam(net, [(x, x)] * 200, lambda net, x, y: (net(x) - y).square().mean(), lr=0.1)
    >>> len(list(steps)), bool((net(x) - x).abs().max() < 0.1)
    (200, True)
    """
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for step, batch in enumerate(batches, 1):
        start = time.process_time()
        optimizer.zero_grad()
        value = loss(net, *batch)
        if not torch.isfinite(value):
            raise FloatingPointError(f"the loss became {value.item()} in step {step} (lr={lr}): try a smaller rate")
        value.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        yield time.process_time() - start
