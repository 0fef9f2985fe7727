"""The chain that signs our SNS messages: a root, an intermediate and leaves, good and bad, for tests only.

`make` writes new ones, with the two keys that sign messages. The authorities' keys are thrown away.
"""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = Path(__file__).resolve().parent.parent / "integrations/fixtures/sns"
ISSUER_URL = "http://crt.r2m01.amazontrust.com/r2m01.cer"
HOST = "sns.amazonaws.com"


def day(year, month=1):
    return dt.datetime(year, month, 1, tzinfo=dt.timezone.utc)


def named(common_name):
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST ONLY, not Amazon")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def issue(subject, key, issuer, issuer_key, authority=False, since=day(2026), until=day(2049)):
    """A certificate for the subject's key, signed by the issuer's."""
    public, parent = key.public_key(), issuer_key.public_key()
    usage = dict.fromkeys(
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only".split(),
        False,
    )
    usage |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True, "key_encipherment": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent), critical=False)
    )
    if not authority:
        where = x509.AccessDescription(Access.CA_ISSUERS, x509.UniformResourceIdentifier(ISSUER_URL))
        builder = (
            builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityInformationAccess([where]), critical=False)
        )
    return builder.sign(issuer_key, hashes.SHA256())


def make():
    root, between, leaf, other, other_root, other_between = (rsa.generate_private_key(65537, 2048) for _ in range(6))
    ca, intermediate = "TEST ONLY root", "TEST ONLY intermediate"
    made = {
        "root": issue(ca, root, ca, root, authority=True),
        "intermediate": issue(intermediate, between, ca, root, authority=True),
        "leaf": issue(HOST, leaf, intermediate, between),
        "expired_leaf": issue(HOST, leaf, intermediate, between, since=day(2025), until=day(2026, 2)),
        "future_leaf": issue(HOST, leaf, intermediate, between, since=day(2040)),
        "other_name_leaf": issue("sns.acme.example", other, intermediate, between),
        # Anybody can have a leaf of Amazon's for a name of his own: it must not issue others.
        "leaf_under_leaf": issue(HOST, leaf, "sns.acme.example", other),
        # The same names all the way, and another root.
        "other_root": issue(ca, other_root, ca, other_root, authority=True),
        "other_intermediate": issue(intermediate, other_between, ca, other_root, authority=True),
        "other_ca_leaf": issue(HOST, other, intermediate, other_between),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, certificate in made.items():
        (FOLDER / f"TEST_ONLY_{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for name, key in {"leaf": leaf, "other": other}.items():
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (FOLDER / f"TEST_ONLY_{name}.key.pem").write_bytes(pem)


def key_of(name):
    return serialization.load_pem_private_key((FOLDER / f"TEST_ONLY_{name}.key.pem").read_bytes(), None)
