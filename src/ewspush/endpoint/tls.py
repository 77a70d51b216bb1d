"""The server's TLS certificate."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL.crypto import X509, PKey
from OpenSSL.SSL import Error as OpenSSLError
from twisted.internet.ssl import CertificateOptions, TLSVersion


class UnusableCertificate(Exception):
    """A certificate or a key that cannot be used. `str()` says why."""


def load_certificate(certificate: Path, key: Path) -> CertificateOptions:
    """A certificate with its chain, and its key, from PEM files. Raises UnusableCertificate."""
    try:
        first, *chain = map(
            X509.from_cryptography, x509.load_pem_x509_certificates(certificate.read_bytes())
        )
        private = PKey.from_cryptography_key(load_pem_private_key(key.read_bytes(), None))  # type: ignore[arg-type]
        options = CertificateOptions(
            privateKey=private,
            certificate=first,
            extraCertChain=chain,
            raiseMinimumTo=TLSVersion.TLSv1_2,
            acceptableProtocols=[b"http/1.1"],  # or every client that offers ALPN is cut off
        )
        options.getContext().check_privatekey()
    except (OSError, ValueError, TypeError, OpenSSLError, UnsupportedAlgorithm) as error:
        raise UnusableCertificate(
            f"{certificate} and {key} cannot be used for TLS: {error}"
        ) from None
    return options
