"""The loss of a classifier, and its gradient."""

from array_api_compat import device, is_torch_array

from ._args import namespace
from ._precision import cast, widened


def softmax_cross_entropy(logits, labels):
    """Mean over a batch of minus the logarithm of the probability that softmax gives to the right class.

    Parameters
    ----------
    logits : array, shape (N, K)
        A score for each of K classes, of a real floating dtype.
    labels : array, shape (N,)
        The right classes, 0 to K-1, of an integer dtype and the same array type.

    Returns
    -------
    scalar array
        ``mean over n of log(sum over j of exp(logits[n, j])) - logits[n, labels[n]]``, in the dtype of `logits`;
        differentiable on torch.

    Raises
    ------
    TypeError
        If array types differ or a dtype is of the wrong kind.
    ValueError
        If a shape does not fit, the batch is empty, or a label is no class (inside ``torch.vmap`` over labels,
        IndexError).

    Notes
    -----
    Equals ``torch.nn.functional.cross_entropy``. The largest score of a row is subtracted first, which changes nothing
    in the ratio of exponentials and keeps them from overflowing: Goodfellow, Bengio & Courville, "Deep Learning"
    (2016), section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log([[1.0, 3.0], [2.0, 2.0]])  # probabilities 1/4 and 3/4; 1/2 and 1/2
    >>> float(np.exp(-2 * softmax_cross_entropy(logits, np.array([0, 1])))).__round__(6)  # 1/4 times 1/2
    0.125
    """
    xp, labels, rows = _check(logits, labels)
    dtype, logits = logits.dtype, widened(logits)
    shifted = logits - xp.max(logits, axis=1, keepdims=True)
    return cast(xp.mean(xp.log(xp.sum(xp.exp(shifted), axis=1)) - shifted[rows, labels]), dtype)


def softmax_cross_entropy_backward(logits, labels):
    """Gradient of `softmax_cross_entropy` for the scores: (probabilities - one-hot labels) / N.

    Parameters
    ----------
    logits : array, shape (N, K)
        A score for each of K classes, of a real floating dtype.
    labels : array, shape (N,)
        The right classes, 0 to K-1, of an integer dtype and the same array type.

    Returns
    -------
    array, shape (N, K)
        Same type and dtype as `logits`; each row sums to zero. On torch it is no part of a graph.

    Raises
    ------
    TypeError
        If array types differ or a dtype is of the wrong kind.
    ValueError
        If a shape does not fit, the batch is empty, or a label is no class.

    Notes
    -----
    Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs" (1990), derives it.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_cross_entropy_backward(np.log([[1.0, 3.0], [2.0, 2.0]]), np.array([0, 1]))
    array([[-0.375,  0.375],
           [ 0.25 , -0.25 ]])
    """
    xp, labels, rows = _check(logits, labels)
    if is_torch_array(logits):
        logits = logits.detach()
    dtype, logits = logits.dtype, widened(logits)
    powers = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    gradient = powers / xp.sum(powers, axis=1, keepdims=True)
    gradient[rows, labels] -= 1
    return cast(gradient / logits.shape[0], dtype)


def _check(logits, labels):
    """Check both arrays; return the namespace, the labels as int64, and the numbers of the rows."""
    xp = namespace(kind="real floating", logits=logits)
    if namespace(kind="integer", labels=labels) is not xp:
        raise TypeError(f"array types differ: logits is {type(logits).__name__}, labels is {type(labels).__name__}")
    if logits.ndim != 2:
        raise ValueError(f"logits must be (N, K), but its shape is {tuple(logits.shape)}")
    n, classes = logits.shape
    if n == 0 or classes == 0:
        raise ValueError(f"logits holds nothing: its shape is {tuple(logits.shape)}")
    if tuple(labels.shape) != (n,):
        raise ValueError(f"labels must have shape ({n},), one class per row of logits, not {tuple(labels.shape)}")
    labels = xp.astype(labels, xp.int64)  # as they are, torch would take labels in uint8 for a mask
    try:
        low, high = int(xp.min(labels)), int(xp.max(labels))
    except RuntimeError:  # inside torch.vmap nobody can look; there torch refuses what is past the last class
        return xp, xp.where(labels < 0, classes, labels), xp.arange(n, device=device(logits))
    if low < 0 or high >= classes:
        raise ValueError(f"labels must be from 0 to {classes - 1}, but one is {low if low < 0 else high}")
    return xp, labels, xp.arange(n, device=device(logits))
