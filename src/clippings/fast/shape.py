"""What a pipeline must look like for the fast engine to know it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from thinc.api import Model

Floats = npt.NDArray[np.float32]


class UnknownShapeError(Exception):
    """The fast engine does not know this pipeline; the message says what it expected."""


def expect(is_known: bool, what: str) -> None:
    """Raise `UnknownShapeError` with what was expected, unless it is so."""
    if not is_known:
        raise UnknownShapeError(f"expected {what}")


def read_weights(model: Model[Any, Any], name: str) -> Floats:
    """Take a parameter of a layer.

    Raises:
        UnknownShapeError: It is not float32 in the memory of this machine's processor.
    """
    weights: Any = model.get_param(name)
    expect(type(weights) is np.ndarray and weights.dtype == np.float32, "float32 on the CPU")
    found: Floats = weights
    return found
