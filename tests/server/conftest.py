"""Desks that many tests begin with; a test file may change them for its own."""

import pytest


@pytest.fixture
def bare_desk(tmp_path, monkeypatch):
    """Readers, reviewers and a stranger at a desk that no scan has come to."""
    from server.desks import opened, quicken  # of the extra 'server'

    quicken(monkeypatch)
    return opened(tmp_path / "desk")


@pytest.fixture
def desk(bare_desk, tmp_path):
    """The same with an MR that came as NIfTI."""
    from server.desks import flair, keep_nifti

    keep_nifti(bare_desk, flair(), tmp_path)
    return bare_desk


@pytest.fixture
def enter(desk):
    """Sign somebody in by name."""
    from server.desks import entered

    return lambda name: entered(desk, name)
