"""Which certificate authorities the sender trusts: the system's, and those of a file by setting.

The wheel's libcurl carries an OpenSSL of its own that looks where Red Hat keeps certificates.
"""

import os
import re
import ssl
from pathlib import Path

# Where distributions that Python's ssl does not know of at build time keep their bundle.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch, Gentoo, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine
)
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")  # what OpenSSL reads of a directory
_PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
_FILE_LIMIT = 16 * 1024 * 1024  # bytes


class UnusableCAFile(ValueError):
    """The CA file of the settings cannot be read or holds no certificate."""


class TrustStore:
    """The trusted authorities as one PEM file that libcurl reads and caches.

    `path` is None when the system has no trust store and no CA file is set: then no certificate
    can be verified. Raises UnusableCAFile.
    """

    def __init__(self, ca_file: str | None) -> None:
        self._descriptor: int | None = None
        bundle, directories = _system_store()
        self.path = bundle
        if ca_file is None and not directories:
            return  # the bundle as it is, so that libcurl sees updates of it
        parts = [_certificates_of(ca_file)] if ca_file is not None else []
        if bundle is not None:
            parts.append(Path(bundle).read_bytes())
        for directory in directories:
            parts += _hashed_files(directory)
        if parts:
            self.path = self._in_memory(b"\n".join(parts))

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _in_memory(self, certificates: bytes) -> str:
        """A file that nothing can remove while libcurl may read it again.

        CAINFO_BLOB and CAPATH would do without, but are parsed for every connection.
        """
        self._descriptor = os.memfd_create("ewspush-ca")
        with open(self._descriptor, "wb", closefd=False) as file:
            file.write(certificates)
        return f"/proc/self/fd/{self._descriptor}"


def _system_store() -> tuple[str | None, list[str]]:
    """The bundle, and the directories if they are asked for or all there is."""
    python = ssl.get_default_verify_paths()  # with SSL_CERT_FILE, if it exists
    bundle = next(filter(_is_file, (python.cafile, *_BUNDLES)), None)
    asked_for = os.environ.get(python.openssl_capath_env, "")
    directories = asked_for.split(os.pathsep) if asked_for else []
    if bundle is None and not directories:
        directories = [python.openssl_capath]
    return bundle, [directory for directory in directories if Path(directory).is_dir()]


def _is_file(path: str | None) -> bool:
    return path is not None and Path(path).is_file()


def _certificates_of(ca_file: str) -> bytes:
    """The certificates of the file and nothing else of it, such as a key."""
    try:
        with open(ca_file, "rb") as file:
            content = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise UnusableCAFile(f"CA file {ca_file}: {error.strerror}") from error
    if len(content) > _FILE_LIMIT:
        raise UnusableCAFile(f"CA file {ca_file}: over {_FILE_LIMIT} bytes")
    certificates = b"\n".join(_PEM_CERTIFICATE.findall(content))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates.decode())
    except (ValueError, ssl.SSLError) as error:
        raise UnusableCAFile(f"CA file {ca_file}: no certificate, or a broken one") from error
    return certificates


def _hashed_files(directory: str) -> list[bytes]:
    return [
        path.read_bytes()
        for path in sorted(Path(directory).iterdir())
        if _HASHED_NAME.fullmatch(path.name) and path.is_file()
    ]
