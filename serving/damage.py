"""What reading a file raises that is damaged, in whatever way."""

from polars.exceptions import PolarsError

# JSON may be sound and hold another kind than was meant, numbers beyond all sense, or depths without end.
DAMAGED = (
    ValueError, OSError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, PolarsError,
)  # fmt: skip
