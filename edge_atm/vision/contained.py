"""What a library raises on a picture that it cannot take ends one look, not the service."""

import functools
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import cv2

from edge_atm.errors import EdgeError
from edge_atm.models import NET_FAULTS

Given = ParamSpec("Given")
Result = TypeVar("Result")
# Of numpy, OpenCV and the nets. Anything else is a mistake of the program: it stops the process,
# which refuses too, because a look is counted as failed before it begins.
PIXEL_FAULTS = (ArithmeticError, LookupError, ValueError, RuntimeError, cv2.error, *NET_FAULTS)


def contained(step: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return `step`, whose PIXEL_FAULTS are raised as an EdgeError that says where.

    Not what: the text of such an error may hold pixels.
    """

    @functools.wraps(step)
    def inner(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return step(*args, **kwargs)
        except PIXEL_FAULTS as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            raise EdgeError(f"a picture was not judged: {kind} in {where.name}") from error

    return inner
