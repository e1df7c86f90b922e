"""Settings: nothing that would send patients in clear gets as far as a socket."""

from pathlib import Path

import pytest

from vesalius.errors import ConfigError
from vesalius.server.settings import Settings

HERE = Path("desk")
CERT, KEY = Path("cert.pem"), Path("key.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_this_machine_alone_needs_no_tls(host):
    settings = Settings(data=HERE, host=host)
    assert settings.is_local
    assert not settings.is_secure


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "desk.hospital"])
def test_others_reach_it_only_by_tls_or_a_proxy(host):
    with pytest.raises(ConfigError, match="--tls-cert"):
        Settings(data=HERE, host=host)
    assert Settings(data=HERE, host=host, behind_proxy=True).is_secure
    assert Settings(data=HERE, host=host, tls_cert=CERT, tls_key=KEY).is_secure


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tls_cert": CERT}, "belong together"),
        ({"tls_key": KEY}, "belong together"),
        ({"path": "desk"}, "begins with /"),
        ({"path": "/desk/"}, "begins with /"),
        ({"idle_minutes": 0.0}, "idle_minutes"),
        ({"workers": -1}, "workers"),
        ({"port": 70000}, "65535"),
    ],
    ids=str,
)
def test_what_is_out_of_range_is_named(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Settings(data=HERE, **wrong)
