"""Roles: the matrix is whole, and nobody rules over what they are judged by."""

import re
import runpy
from pathlib import Path

import pytest

from vesalius.server.roles import ANYBODY, MATRIX, Role, may

ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /[a-z/{}-]*")


@pytest.mark.parametrize("route", MATRIX)
def test_a_row_is_a_method_a_path_and_roles(route):
    assert ROUTE.fullmatch(route)
    for role in Role:
        row = MATRIX[route]
        assert may(frozenset({role}), route) is (row is ANYBODY or role in row)
    assert may(frozenset(), route) is (MATRIX[route] is ANYBODY)


def test_a_route_in_no_row_cannot_be_asked_about():
    with pytest.raises(KeyError):
        may(frozenset(Role), "GET /api/secrets")


def test_only_administrators_keep_accounts():
    rows = [
        row
        for route, row in MATRIX.items()
        if route.split()[1].startswith("/api/users") and not route.startswith("GET ")
    ]
    assert rows
    assert all(row == {Role.ADMINISTRATOR} for row in rows)


def test_every_route_is_explained_beside_the_matrix():
    pages = (Path(__file__).parents[2] / "docs" / "reference").glob("desk-*.md")
    told = "\n".join(page.read_text() for page in pages)
    rows = set(re.findall(r"^\| `([A-Z]+ [^`]+)` \|", told, re.MULTILINE))
    named = rows | {"GET /api/statistics"}  # a section of its own
    assert "`GET /api/statistics?project=`" in told
    assert named == set(MATRIX)


def test_the_page_says_what_the_server_enforces():
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "role_matrix.py"))
    assert tool["PAGE"].read_text() == tool["page"](), "run tools/role_matrix.py"
