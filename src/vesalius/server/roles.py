"""Roles: which role may use which route. Documentation, enforcement and test at once.

A route that is in no row cannot be reached: the desk refuses to start with it. `SELF`
is whoever is signed in, `ANYBODY` needs no account. Beside its role, an account sees
only the cases of its projects; another's case is answered like one that is not there.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from vesalius.errors import ConfigError


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
KEEPS: Roles = frozenset({Role.STEWARD})
READS: Roles = frozenset({Role.READER, Role.REVIEWER})
SIGNS: Roles = frozenset({Role.REVIEWER})
AUDITS: Roles = frozenset({Role.AUDITOR})
SEES: Roles = frozenset({Role.READER, Role.REVIEWER, Role.STEWARD})  # patients

# Method and path, as the OpenAPI document has them.
MATRIX: Mapping[str, Roles] = MappingProxyType(
    {
        "GET /": ANYBODY,
        "GET /assets/{name}": ANYBODY,
        "GET /health": ANYBODY,
        "GET /ready": ANYBODY,
        "GET /api/session": ANYBODY,
        "POST /api/session": ANYBODY,
        "POST /api/session/first": ANYBODY,
        "DELETE /api/session": SELF,
        "PUT /api/session/password": SELF,
        "GET /api/users": RUNS | KEEPS,  # who keeps projects chooses their members
        "POST /api/users": RUNS,
        "PATCH /api/users/{user}": RUNS,
        "POST /api/users/{user}/reset": RUNS,
        "GET /api/projects": SELF,
        "POST /api/projects": KEEPS,
        "PUT /api/projects/{project}/members/{user}": KEEPS,
        "DELETE /api/projects/{project}/members/{user}": KEEPS,
        "POST /api/uploads": SEES,
        "GET /api/uploads/{upload}": SEES,
        "PUT /api/uploads/{upload}/pieces/{at}": SEES,
        "POST /api/uploads/{upload}/end": SEES,
        "DELETE /api/uploads/{upload}": SEES,
        "POST /api/jobs": SEES,
        "GET /api/jobs": SEES,
        "GET /api/jobs/{job}": SEES,
        "GET /api/jobs/{job}/events": SEES,
        "POST /api/jobs/{job}/cancel": SEES,
        "POST /api/jobs/{job}/retry": SEES,
        "GET /api/results": READS,
        "GET /api/results/{result}": READS,
        "GET /api/results/{result}/versions": READS,
        "GET /api/results/{result}/files/{name}": READS,
        "GET /api/results/{result}/export": READS,
        "GET /api/results/{result}/volumes/{name}": READS,
        "GET /api/results/{result}/told": READS,
        "GET /api/reviews": READS,
        "GET /api/reviews/events": READS,
        "GET /api/reviews/{result}": READS,
        "GET /api/reviews/{result}/subject": READS,
        "POST /api/reviews/{result}/opinion": READS,
        "POST /api/reviews/{result}/show": READS,
        "POST /api/reviews/{result}/accept": READS,
        "POST /api/reviews/{result}/reject": READS,
        "POST /api/reviews/{result}/correct/mask": READS,
        "POST /api/reviews/{result}/correct/findings": READS,
        "POST /api/reviews/{result}/sign": SIGNS,
        "PUT /api/policies/{verb}": RUNS,
        "GET /api/verbs": SELF,
        "GET /api/models": SELF,
        "POST /api/models/{name}/suspend": RUNS,
        "POST /api/models/{name}/serve": RUNS,
        "POST /api/models/{name}/roll-back": RUNS,
        "GET /api/statistics": READS | RUNS | AUDITS,
        "GET /api/audit": AUDITS,
        "POST /api/audit/verify": AUDITS,
        "GET /api/audit/export": AUDITS,
        "GET /api/cases/{case}/story": SEES | AUDITS,
        "GET /api/learn": SELF,
        "POST /api/learn": SELF,
        "GET /api/learn/pictures/{name}": SELF,
        "GET /api/scans": SEES,
        "GET /api/scans/{scan}": SEES,
        "GET /api/scans/{scan}/volume": SEES,
        "GET /api/cases/{case}/identity": SEES,
    }
)


def roles_of(words: Iterable[str]) -> Roles:
    """Return roles by their names.

    Args:
        words: As typed.

    Raises:
        ConfigError: One is no role.
    """
    found = list(words)
    wrong = [word for word in found if word not in set(Role)]
    if wrong:
        raise ConfigError(f"{wrong[0]} is no role; there are {', '.join(Role)}")
    return frozenset(Role(word) for word in found)


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
