"""What the numbers of R hold: which integers and times would change there."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

INTEGER_MAX = 2**31 - 1  # -2**31 is R's missing integer, -2**63 bit64's
DOUBLE_MAX = 2**53  # beyond, a double skips integers
MICROSECONDS_MAX = 2**51  # beyond (year 2041), a double may round microseconds


def integer_class(array: pa.ChunkedArray | pa.Array) -> str:
    """Choose the narrowest class of R that holds integers, or comes closest."""
    lowest, highest = pc.min_max(array).as_py().values()
    if lowest is None or -INTEGER_MAX <= lowest <= highest <= INTEGER_MAX:
        return "integer"
    if lowest >= -DOUBLE_MAX and highest <= DOUBLE_MAX:
        return "double"
    return "integer64" if highest < 2**63 else "double"


def count_lost(array: pa.Array) -> int:
    """Count the values of the wire that R's class cannot hold: done as R does it."""
    type_ = array.type
    if kinds.is_integer(type_):
        return count_lost_integers(array, integer_class(array))
    if not (kinds.is_timestamp(type_) or kinds.is_duration(type_)):
        return 0
    whole = array.view("int64")
    lowest, highest = pc.min_max(whole).as_py().values()
    limit = MICROSECONDS_MAX if type_.unit == "us" else 0
    if lowest is None or -limit <= lowest <= highest <= limit:
        return 0
    values = whole.drop_null().to_numpy()
    back = _through_seconds(values, 10**6 if type_.unit == "us" else 10**9)
    return int(np.count_nonzero(back != values))


def count_lost_integers(array: pa.ChunkedArray | pa.Array, class_: str) -> int:
    """Count the integers that a class of R cannot hold."""
    if class_ == "integer64":
        return pc.sum(pc.equal(array, -(2**63))).as_py() or 0
    if class_ == "integer" or not kinds.is_uint64(array.type):
        return 0
    values = array.drop_null().to_numpy()
    double = values.astype("float64")
    back = np.where(double < 2.0**64, double, 0).astype("uint64")
    return int(np.count_nonzero(back != values))


def _through_seconds(values: np.ndarray, per_second: int) -> np.ndarray:
    """Make seconds of R, and make of these what R sends back."""
    if per_second == 10**6:
        return np.rint(values / 1e6 * 1e6).astype("int64")
    whole, rest = np.divmod(values, per_second)
    seconds = whole + rest / per_second
    whole = np.floor(seconds)
    rest = np.rint((seconds - whole) * per_second)
    return whole.astype("int64") * per_second + rest.astype("int64")
