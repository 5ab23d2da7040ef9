"""What counts as a number in a brand's own files."""

import sys
from typing import Any


def is_number(said: Any) -> bool:
    """Tell whether it is a finite number: true and false are none, nor is what no float can hold."""
    number = isinstance(said, int | float) and not isinstance(said, bool)
    return number and abs(said) <= sys.float_info.max
