"""Write the role matrix for people: `python tools/role_matrix.py`.

Run after a change to `server/roles.py`; what it writes is committed
(docs/reference/roles.md), and a test compares.
"""

from pathlib import Path

from vesalius.server.roles import ANYBODY, MATRIX, Role

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "roles.md"
HEAD = """# The role matrix

Which role may use which route. Written by `tools/role_matrix.py` from the table that
the server enforces, `server/roles.py`: a route that is in no row cannot be reached.
Beside its role, an account sees only the cases of its projects. *Anybody* needs no
account.

"""


def page() -> str:
    """Return the page."""
    names = [role.value for role in Role]
    rows = [["route", *names], ["---"] * (len(names) + 1)]
    for route, roles in MATRIX.items():
        marks = ["yes" if role in roles else "" for role in Role]
        is_open = roles is ANYBODY
        rows.append([f"`{route}`", *(["anybody"] * len(names) if is_open else marks)])
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
