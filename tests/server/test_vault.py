"""Identities: sealed for one case, and nowhere in clear."""

import pytest

pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.errors import ConfigError, FormatError, OutputError
from vesalius.server.vault import Identity, Vault, open_vault

VAULT, OTHER = Vault(b"\x01" * 32), Vault(b"\x02" * 32)
JANE = Identity("Doe^Jane", "4711", "19700101")


def test_who_a_case_is_of_can_be_read_back():
    assert VAULT.unseal(VAULT.seal(JANE, "c1"), "c1") == JANE


def test_nothing_is_in_clear_and_no_two_seals_are_alike():
    one, other = VAULT.seal(JANE, "c1"), VAULT.seal(JANE, "c1")
    assert one != other
    for word in (b"Doe", b"Jane", b"4711", b"1970"):
        assert word not in one
    assert "Doe" not in repr(JANE)
    assert "Doe" not in str(JANE)


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_an_altered_byte_is_seen(at):
    sealed = bytearray(VAULT.seal(JANE, "c1"))
    sealed[at] ^= 1
    with pytest.raises(FormatError, match="altered"):
        VAULT.unseal(bytes(sealed), "c1")


def test_a_seal_is_of_one_case_and_one_vault_and_whole():
    sealed = VAULT.seal(JANE, "c1")
    for vault, case, words in (
        (VAULT, "c2", sealed),
        (OTHER, "c1", sealed),
        (VAULT, "c1", sealed[:-1]),
        (VAULT, "c1", b""),
    ):
        with pytest.raises(FormatError):
            vault.unseal(words, case)


def test_a_pseudonym_is_a_patients_in_one_project():
    name = VAULT.pseudonym("4711", "p1")
    assert name == VAULT.pseudonym("4711", "p1")
    assert name.startswith("case-")
    assert "4711" not in name
    others = {
        VAULT.pseudonym("4711", "p2"),
        VAULT.pseudonym("4712", "p1"),
        OTHER.pseudonym("4711", "p1"),
    }
    assert len(others | {name}) == 4


def test_a_key_is_made_once_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("VESALIUS_VAULT_KEY", raising=False)
    file = tmp_path / "key"
    sealed = open_vault(file).seal(JANE, "c1")
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_vault(file).unseal(sealed, "c1") == JANE
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_vault(file)
    with pytest.raises(OutputError, match="cannot be written"):
        open_vault(tmp_path / "no" / "key")


def test_the_environment_may_hold_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("VESALIUS_VAULT_KEY", "01" * 32)
    vault = open_vault(tmp_path / "key")
    assert not (tmp_path / "key").exists()
    assert vault.unseal(VAULT.seal(JANE, "c1"), "c1") == JANE
    for wrong in ("zz", "01"):
        monkeypatch.setenv("VESALIUS_VAULT_KEY", wrong)
        with pytest.raises(ConfigError):
            open_vault(tmp_path / "key")
