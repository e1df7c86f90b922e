"""Settings: what one desk is started with; a combination that is unsafe is refused."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from vesalius.errors import ConfigError

MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the desk runs.

    Attributes:
        data: Its folder: the database, the objects, the keys.
        host: Address it listens at.
        port: And port.
        demo: Whether it begins with cases that wait to be decided.
        demo_data: Where their scans lie; those that are not there are left out.
        tls_cert: Certificate chain, PEM.
        tls_key: Its key, PEM.
        behind_proxy: Whether a proxy before it does TLS, and says so.
        path: Prefix of every address, where the proxy adds one: "/desk".
        idle_minutes: After so long without a request a session ends.
        session_hours: After so long it ends in any case.
        most_upload_bytes: Of one upload.
        workers: Jobs at a time; each computes on one thread.

    Raises:
        ConfigError: It would send patients over a network in clear, or a value is out
            of range.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8765
    demo: bool = False
    demo_data: Path = Path("../shared/data")  # beside a clone, where there is one
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    path: str = ""
    idle_minutes: float = 30.0
    session_hours: float = 12.0
    most_upload_bytes: int = 8192 * MEGABYTE
    workers: int = 1

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError("--tls-cert and --tls-key belong together: give both")
        if not (self.is_local or self.behind_proxy or self.has_tls):
            raise ConfigError(
                f"{self.host} can be reached from other machines, and patients' images "
                "must not travel in clear: give --tls-cert and --tls-key, or "
                "--behind-proxy where a proxy does TLS"
            )
        if self.path and not (self.path.startswith("/") and self.path[-1] != "/"):
            raise ConfigError("a path begins with / and does not end with it: /desk")
        for name in ("idle_minutes", "session_hours", "most_upload_bytes", "workers"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be above 0")
        if not 0 <= self.port <= 65535:
            raise ConfigError("a port is a number from 0 to 65535; 0 takes a free one")

    @property
    def has_tls(self) -> bool:
        """Whether the desk itself does TLS."""
        return self.tls_cert is not None

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https, so that cookies may demand it."""
        return self.has_tls or self.behind_proxy

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
