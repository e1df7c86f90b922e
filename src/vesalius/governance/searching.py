"""Searching: entries of the record, by case, person and deed; the database looks."""

from collections.abc import Iterator
from dataclasses import dataclass

from vesalius.errors import ConfigError, RecordError
from vesalius.governance.audit import CODE, Event, Execute, read_entry


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is empty is not looked at.

    Attributes:
        case: The pseudonym.
        who: The account's id.
        what: The deed's code; one that ends with a dot takes all that begin so.
        after: Number of the entry behind which to begin; None begins at the start.
        newest: Whether the latest come first: then what is before `after` follows.

    Raises:
        ConfigError: A word is no code.
    """

    case: str = ""
    who: str = ""
    what: str = ""
    after: int | None = None
    newest: bool = False

    def __post_init__(self) -> None:
        for word in (self.case, self.who, self.what):
            if word and not CODE.fullmatch(word):
                raise ConfigError("the record is searched by codes: no spaces in them")


def search(
    execute: Execute, sought: Sought, limit: int
) -> Iterator[tuple[int, Event | None]]:
    """Look for entries.

    Entries are text with sorted keys and no spaces, so a key and its value stand in
    them as one word, that a value cannot hold: none has a quotation mark.

    Args:
        execute: Runs a statement.
        sought: What is looked for.
        limit: Entries at most.

    Yields:
        Number and event; None for an entry that is none any more.
    """
    words = [
        f'"{key}":"{value}"'
        for key, value in (("case", sought.case), ("who", sought.who))
        if value
    ]
    if sought.what:
        words.append(f'"what":"{sought.what}' + ("" if sought.what[-1] == "." else '"'))
    order, beyond = ("DESC", "<") if sought.newest else ("ASC", ">")
    clauses = ["instr(CAST(entry AS TEXT), ?) > 0"] * len(words)
    values: list[str | int] = list(words)
    if sought.after is not None:
        clauses.append(f"number {beyond} ?")
        values.append(sought.after)
    where = f"WHERE {' AND '.join(clauses)} " if clauses else ""
    rows = execute(
        f"SELECT number, entry FROM audit {where}ORDER BY number {order} LIMIT ?",
        (*values, limit),
    )
    for number, entry in rows:
        yield int(number), _event(entry)


def _event(entry: bytes | str) -> Event | None:
    try:
        return read_entry(entry if isinstance(entry, bytes) else entry.encode())
    except RecordError:
        return None
