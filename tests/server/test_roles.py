"""Roles: the matrix is whole, and nobody rules over what they are judged by."""

import re

import pytest

from vesalius.server.roles import ANYBODY, MATRIX, Role, may

ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /[a-z/{}-]+")


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
    rows = [row for route, row in MATRIX.items() if route.split()[1] == "/api/users"]
    assert rows
    assert all(row == {Role.ADMINISTRATOR} for row in rows)
