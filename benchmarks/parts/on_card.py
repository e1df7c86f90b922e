"""On card: put a benchmark's table on a shipped model's card."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vesalius.card import Table
from vesalius.weights.cards import read_card, write_card

BOX = Path(__file__).parents[2] / "src" / "vesalius" / "weights"


def put(tables: Sequence[Table], model: str, box: Path = BOX) -> None:
    """Write tables onto a card; those that had the same titles give way to them.

    Args:
        tables: What was measured, of the weights that the card is of.
        model: Whose card.
        box: Where the card lies.
    """
    file = box / f"{model}.toml"
    card = read_card(file)
    titles = {table.title for table in tables}
    kept = tuple(table for table in card.tables if table.title not in titles)
    write_card(replace(card, tables=(*kept, *tables)), file)
