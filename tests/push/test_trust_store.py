import re
from pathlib import Path

import pytest
import trustme

from ewspush.push import trust_store
from ewspush.push.trust_store import TrustStore, UnusableCAFile

OURS, SYSTEM, IN_DIRECTORY = (trustme.CA().cert_pem.bytes() for _ in range(3))


@pytest.fixture(autouse=True)
def system(tmp_path, monkeypatch):
    """The machine's own trust store: a bundle."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(SYSTEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return bundle


@pytest.fixture
def ca_file(tmp_path):
    path = tmp_path / "ours.pem"
    path.write_bytes(OURS)
    return path


@pytest.fixture
def directory(tmp_path):
    """A directory as `openssl rehash` leaves it."""
    path = tmp_path / "certs"
    path.mkdir()
    (path / "some.pem").write_bytes(OURS)
    (path / "0123abcd.0").write_bytes(IN_DIRECTORY)
    (path / "4567abcd.0").symlink_to("gone")
    return path


def trusted(ca_file=None):
    """The certificates of the store, sorted; None if there is no store."""
    store = TrustStore(None if ca_file is None else str(ca_file))
    try:
        return store.path and certificates(Path(store.path).read_bytes())
    finally:
        store.close()


def certificates(pem):
    return sorted(re.findall(rb"-----BEGIN CERT.*?-----END CERT", pem, re.DOTALL))


def test_the_systems_bundle_is_used_as_it_is(system):
    assert TrustStore(None).path == str(system)


def test_a_ca_file_is_trusted_beside_the_system(ca_file):
    assert trusted(ca_file) == certificates(OURS + SYSTEM)


def test_a_directory_of_the_environment_is_trusted_beside_the_bundle(
    directory, ca_file, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{directory}")
    assert trusted() == certificates(SYSTEM + IN_DIRECTORY)
    assert trusted(ca_file) == certificates(OURS + SYSTEM + IN_DIRECTORY)


@pytest.fixture
def no_bundle(system, monkeypatch):
    system.unlink()
    monkeypatch.setattr(trust_store, "_BUNDLES", ())
    paths = trust_store.ssl.get_default_verify_paths()._replace(
        cafile=None, openssl_capath="/nowhere"
    )
    monkeypatch.setattr(trust_store.ssl, "get_default_verify_paths", lambda: paths)
    return paths


@pytest.mark.usefixtures("no_bundle")
def test_without_any_system_store_the_ca_file_is_what_is_trusted(ca_file):
    assert trusted() is None
    assert trusted(ca_file) == certificates(OURS)


def test_without_a_bundle_the_systems_directory_is_used(no_bundle, directory, monkeypatch):
    paths = no_bundle._replace(openssl_capath=str(directory))
    monkeypatch.setattr(trust_store.ssl, "get_default_verify_paths", lambda: paths)
    assert trusted() == certificates(IN_DIRECTORY)


def test_only_the_certificates_of_a_ca_file_are_taken(ca_file):
    key = trustme.CA().issue_cert("a.example").private_key_pem.bytes()
    ca_file.write_bytes(key + "# Zertifizierungsstelle Köln\n".encode() + OURS)
    store = TrustStore(str(ca_file))
    assert b"PRIVATE KEY" not in Path(store.path).read_bytes()
    assert b"Zert" not in Path(store.path).read_bytes()
    store.close()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no certificate"),
        (b"not a certificate", "no certificate"),
        (OURS.replace(b"MII", b"AAA"), "a broken one"),
        (OURS.replace(b"-----END", b"-----NED"), "no certificate"),
    ],
)
def test_a_ca_file_without_a_sound_certificate_is_refused(ca_file, content, complaint):
    ca_file.write_bytes(content)
    with pytest.raises(UnusableCAFile, match=complaint) as caught:
        TrustStore(str(ca_file))
    assert str(ca_file) in str(caught.value)


def test_a_ca_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UnusableCAFile, match="No such file"):
        TrustStore(str(tmp_path / "missing.pem"))


def test_a_ca_file_out_of_all_proportion_is_refused(ca_file, monkeypatch):
    monkeypatch.setattr(trust_store, "_FILE_LIMIT", 100)
    with pytest.raises(UnusableCAFile, match="over 100 bytes"):
        TrustStore(str(ca_file))
