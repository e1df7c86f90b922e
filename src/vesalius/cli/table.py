"""Table: rows of words in columns, for a terminal of any width and for `grep`."""

from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Set rows in columns, two blanks apart, the heads above them.

    Args:
        heads: The names of the columns.
        rows: Each as long as `heads`.

    Returns:
        One line a row, without colours or frames: it can be piped.

    Example:
        >>> print(table(("model", "for"), [("denoise-mr", "MR")]))
        model       for
        denoise-mr  MR
    """
    lines = [tuple(heads), *map(tuple, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )
