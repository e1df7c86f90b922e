"""Projects: whose cases who sees."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import Project, add_project, projects_of, set_member

ROUTER = APIRouter(prefix="/api/projects", tags=["projects"])


class Told(BaseModel):
    """A project, as pages show it."""

    id: str
    name: str
    members: list[str]


class New(BaseModel):
    """A project to be added."""

    name: Annotated[str, Field(max_length=80)]


@ROUTER.get("")
def list_own(desk: TheDesk, session: Own) -> list[Told]:
    """List the projects that whoever is signed in is a member of."""
    with desk.look() as connection:
        return [_told(found) for found in projects_of(connection, session.account)]


@ROUTER.post("", status_code=201)
def add(new: New, desk: TheDesk, session: Own) -> Told:
    """Add a project."""
    with desk.change() as (connection, record):
        made = add_project(connection, record, new.name, desk.now(), session.account)
    return _told(made)


@ROUTER.put("/{project}/members/{user}", status_code=204)
def join(project: str, user: str, desk: TheDesk, session: Own) -> None:
    """Let an account see a project's cases."""
    with desk.change() as (connection, record):
        set_member(connection, record, project, user, True, session.account)


@ROUTER.delete("/{project}/members/{user}", status_code=204)
def leave(project: str, user: str, desk: TheDesk, session: Own) -> None:
    """Let an account no longer see a project's cases."""
    with desk.change() as (connection, record):
        set_member(connection, record, project, user, False, session.account)


def _told(project: Project) -> Told:
    return Told(id=project.id, name=project.name, members=list(project.members))
