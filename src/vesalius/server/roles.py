"""Roles: which role may use which route. Documentation, enforcement and test at once.

A route that is in no row cannot be reached: the desk refuses to start with it. `SELF`
is whoever is signed in, `ANYBODY` needs no account. Beside its role, an account sees
only the cases of its projects; another's case is answered like one that is not there.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What an account is for; one account may have several."""

    READER = "reader"  # reads, corrects, decides
    REVIEWER = "reviewer"  # and signs
    STEWARD = "steward"  # brings scans in, keeps projects and identities in order
    ADMINISTRATOR = "administrator"  # accounts and models; sees no patient
    AUDITOR = "auditor"  # reads the record; changes nothing


Roles = frozenset[Role]
SELF: Roles = frozenset(Role)
ANYBODY: Roles = frozenset()
RUNS: Roles = frozenset({Role.ADMINISTRATOR})

# Method and path, as the OpenAPI document has them.
MATRIX: Mapping[str, Roles] = MappingProxyType(
    {
        "GET /health": ANYBODY,
        "GET /ready": ANYBODY,
        "GET /api/session": ANYBODY,
        "POST /api/session": ANYBODY,
        "POST /api/session/first": ANYBODY,
        "DELETE /api/session": SELF,
        "PUT /api/session/password": SELF,
        "GET /api/users": RUNS,
        "POST /api/users": RUNS,
        "PATCH /api/users/{user}": RUNS,
        "POST /api/users/{user}/reset": RUNS,
    }
)


def may(roles: Roles, route: str) -> bool:
    """Say whether an account with these roles may use a route.

    Args:
        roles: The account's; none for somebody without an account.
        route: A row of `MATRIX`.

    Raises:
        KeyError: The route is in no row.
    """
    row = MATRIX[route]
    return row is ANYBODY or bool(row & roles)
