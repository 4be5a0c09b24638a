"""16-bit floats: what is computed from them is computed in float32, and rounded once."""

from functools import wraps

from array_api_compat import is_torch_array


def is_short(a):
    """Tell whether an array holds floats of 16 bits: float16, or torch's bfloat16."""
    dtype = getattr(a, "dtype", None)
    if getattr(dtype, "itemsize", 0) != 2:
        return False
    return dtype.is_floating_point if is_torch_array(a) else dtype.kind == "f"


def in_float32(function):
    """Let a function compute in float32 where all of its arrays hold floats of 16 bits; cast its results back.

    A sum in 16 bits stops growing where the next term is below half of its last digit: 2048 ones in float16, 256 in
    bfloat16. On torch the casts are part of the graph, so gradients are summed in float32 too.
    """
    @wraps(function)
    def wrapper(*args, **options):
        arrays = [a for a in (*args, *options.values()) if hasattr(a, "dtype")]
        if not arrays or not all(map(is_short, arrays)) or len({a.dtype for a in arrays}) > 1:
            return function(*args, **options)
        dtype = arrays[0].dtype
        results = function(*map(widened, args), **{name: widened(a) for name, a in options.items()})
        return type(results)(*(cast(a, dtype) for a in results)) if isinstance(results, tuple) else cast(results, dtype)

    return wrapper


def widened(a):
    """Return an array of 16-bit floats in float32, anything else as it is."""
    if not is_short(a):
        return a
    return a.float() if is_torch_array(a) else a.astype("float32")


def cast(a, dtype):
    """Return an array in another dtype; one that has it already as it is."""
    return a.to(dtype) if is_torch_array(a) else a.astype(dtype, copy=False)
