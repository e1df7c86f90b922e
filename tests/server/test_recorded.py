"""Every route that changes something, or shows who a patient is, writes an event."""

from inspect import unwrap
from types import CodeType, FunctionType, ModuleType

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from vesalius.governance.audit import Event
from vesalius.server.app import ROUTERS
from vesalius.server.doors import SAFE

# Nothing is decided by a piece: the upload's begin and end are on the record.
SILENT = {"PUT /api/uploads/{upload}/pieces/{at}"}
SHOWS = {"GET /api/cases/{case}/identity", "GET /api/audit/export"}
ENDPOINTS = {
    f"{method} {route.path}": route.endpoint
    for router in ROUTERS
    for route in router.routes
    for method in route.methods
}
CHANGES = sorted(
    {key for key in ENDPOINTS if key.split()[0] not in SAFE} - SILENT | SHOWS
)


def names_in(code: CodeType) -> set[str]:
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return set(code.co_names).union(*map(names_in, inner))


def writes(function, seen):
    """Say whether a function makes an event, itself or through functions of ours."""
    function = unwrap(function)  # the checks of types wrap it
    if function in seen:
        return False
    seen.add(function)
    names = names_in(function.__code__)
    found = [function.__globals__.get(name) for name in names]
    modules = [one for one in found if isinstance(one, ModuleType)]
    ours = [one for one in modules if one.__name__.startswith("vesalius.server")]
    found += [vars(module).get(name) for module in ours for name in names]
    if Event in [one for one in found if isinstance(one, type)]:
        return True
    called = [one for one in found if isinstance(one, FunctionType)]
    return any(
        writes(one, seen)
        for one in called
        if one.__module__.startswith("vesalius.server")
    )


@pytest.mark.parametrize("route", CHANGES)
def test_a_change_is_on_the_record(route):
    assert writes(ENDPOINTS[route], set())


def test_a_route_that_only_looks_is_told_apart():
    assert not writes(ENDPOINTS["GET /api/reviews"], set())
    assert not writes(ENDPOINTS["GET /api/models"], set())
