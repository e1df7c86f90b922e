"""Cards as TOML: read, and written by a training."""

import json
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from vesalius.card import Card, DataUse, Figure, Table, Training
from vesalius.errors import ConfigError

PARTS: dict[str, Any] = {"figures": Figure, "data": DataUse}


def read_card(file: Path) -> Card:
    """Read a card.

    Raises:
        ConfigError: A key is unknown, missing or out of range.
    """
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        return _card(said)
    except (TypeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file.name} is not a valid card: {error}") from error


def write_card(card: Card, file: Path) -> None:
    """Write a card so that `read_card` gives it back.

    Args:
        card: What to write; what is None is left out.
        file: Replaced whole.
    """
    said = {key: value for key, value in asdict(card).items() if value is not None}
    nested = {k: said.pop(k) for k in ("figures", "tables", "data") if k in said}
    training = said.pop("training", None)
    lines = [f"{key} = {_toml(value)}" for key, value in said.items()]
    if training is not None:
        lines += ["", "[training]"]
        lines += [f"{key} = {_toml(value)}" for key, value in training.items()]
    for name, rows in nested.items():
        for row in rows:
            lines += ["", f"[[{name}]]"]
            lines += [f"{key} = {_toml(value)}" for key, value in row.items()]
    draft = file.with_suffix(".draft")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(file)


def _card(said: dict[str, Any]) -> Card:
    unknown = sorted(set(said) - {field.name for field in fields(Card)})
    if unknown:
        raise ConfigError(f"a card has no {', '.join(unknown)}")
    plain = {key: _tuples(value) for key, value in said.items()}
    for key, kind in PARTS.items():
        plain[key] = tuple(kind(**row) for row in said.get(key, ()))
    plain["tables"] = tuple(
        Table(row["title"], _tuples(row["columns"]), _tuples(row["rows"]))
        for row in said.get("tables", ())
    )
    if "training" in said:
        plain["training"] = Training(**said["training"])
    return Card(**plain)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _toml(value: Any) -> str:
    """Spell a string, number or nest of lists; JSON's spelling is TOML's here."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
