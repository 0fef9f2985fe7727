//! Whether a certificate is SNS's own: its chain up to Amazon's roots, its dates, its name; and what it signed.
//!
//! The certificates come in; one that is missing is asked for by its address. Chains, names and signatures are
//! checked by webpki. Nothing here is fetched or remembered, but Amazon's roots, which are built in.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use chrono::{DateTime, Utc};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName, SignatureVerificationAlgorithm, TrustAnchor,
    UnixTime, alg_id,
};
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;
use webpki::{ALL_VERIFICATION_ALGS, Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::der::{Decode, oid::db::rfc5280::ID_AD_CA_ISSUERS};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, name::GeneralName};

use super::super::Refusal;
use super::Fetched;
use super::address::is_authority_certificate;

/// Whose certificate it must be.
const NAME: &str = "sns.amazonaws.com";

/// How many certificates may stand between the one that signed and an authority.
const MOST_BETWEEN: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha1,
}

/// A signature over a text.
pub(super) struct Proof<'p> {
    pub(super) digest: Digest,
    pub(super) signed: &'p [u8],
    pub(super) signature: &'p [u8],
}

/// Checks the certificate at that address, and the signature with it.
pub(super) fn check(
    url: &str,
    fetched: &[Fetched],
    authorities: &[Vec<u8>],
    proof: &Proof<'_>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let own = fetched.iter().find(|fetched| fetched.url == url).ok_or_else(|| Refusal::Need(url.to_owned()))?;
    let mut certificates = read(&own.bytes);
    let others = fetched.iter().filter(|fetched| fetched.url != url);
    certificates.extend(others.flat_map(|fetched| read(&fetched.bytes)));
    let (first, others) = certificates.split_first().ok_or(Refusal::Wrong)?;
    let leaf = EndEntityCert::try_from(first).map_err(wrong)?;
    let given: Vec<CertificateDer<'_>> = authorities.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let given: Vec<TrustAnchor<'_>> = given.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let anchors = if authorities.is_empty() { &**AMAZON } else { &given[..] };
    ask_for_issuers(&leaf, others, anchors, fetched)?;
    let seconds = u64::try_from(now.timestamp()).map_err(|_| Refusal::Wrong)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, anchors, others, now, KeyUsage::server_auth(), None, None)
        .map_err(wrong)?;
    leaf.verify_is_valid_for_subject_name(&ServerName::try_from(NAME).map_err(|_| Refusal::Wrong)?).map_err(wrong)?;
    let algorithm: &dyn SignatureVerificationAlgorithm = match proof.digest {
        Digest::Sha256 => RSA_PKCS1_2048_8192_SHA256,
        Digest::Sha1 => &RsaSha1,
    };
    leaf.verify_signature(algorithm, proof.signed, proof.signature).map_err(wrong)
}

fn wrong(_: webpki::Error) -> Refusal {
    Refusal::Wrong
}

/// The certificates of a PEM, the first one first, or the one of a DER.
fn read(bytes: &[u8]) -> Vec<CertificateDer<'_>> {
    if bytes.first() == Some(&DER_SEQUENCE) {
        return vec![CertificateDer::from(bytes)];
    }
    CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok).take(1 + MOST_BETWEEN).collect()
}

const DER_SEQUENCE: u8 = 0x30;

/// Walks up from issuer to issuer, by name alone, until an authority is reached; asks for the first one that is not at
/// hand. Whether they vouch for each other is checked after that.
fn ask_for_issuers(
    leaf: &Cert<'_>,
    others: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    fetched: &[Fetched],
) -> Result<(), Refusal> {
    let parsed: Vec<EndEntityCert<'_>> = others.iter().filter_map(|der| EndEntityCert::try_from(der).ok()).collect();
    let mut current = leaf;
    for _ in 0..=MOST_BETWEEN {
        if anchors.iter().any(|anchor| anchor.subject.as_ref() == current.issuer()) {
            return Ok(());
        }
        match parsed.iter().find(|other| other.subject() == current.issuer()) {
            Some(issuer) => current = issuer,
            None => {
                let asked = |url: &String| fetched.iter().any(|fetched| fetched.url == *url);
                let url = issuer_address(&current.der()).filter(|url| is_authority_certificate(url) && !asked(url));
                return Err(url.map_or(Refusal::Wrong, Refusal::Need));
            }
        }
    }
    Err(Refusal::Wrong)
}

/// Where a certificate says that its issuer's is found.
fn issuer_address(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let (_, access) = certificate.tbs_certificate.get::<AuthorityInfoAccessSyntax>().ok()??;
    access.0.into_iter().find_map(|description| match description.access_location {
        GeneralName::UniformResourceIdentifier(url) if description.access_method == ID_AD_CA_ISSUERS => {
            Some(url.as_str().to_owned())
        }
        _ => None,
    })
}

/// Amazon's roots, and the older one of Starfield that vouches for them.
static AMAZON: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let names = |anchor: &TrustAnchor<'_>| {
        let says = |words: &[u8]| anchor.subject.as_ref().windows(words.len()).any(|part| part == words);
        says(b"Amazon") || says(b"Starfield Services")
    };
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.filter_map(|root| anchor_from_trusted_cert(root).ok()).filter(names).collect()
});

/// RSA with SHA-1, which webpki rightly does not have: signature version 1 of SNS, where the operator allows it.
#[derive(Debug)]
struct RsaSha1;

/// `sha1WithRSAEncryption`, as it stands in DER.
const SHA1_WITH_RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00];

impl SignatureVerificationAlgorithm for RsaSha1 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(SHA1_WITH_RSA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_roots_are_built_in() {
        assert!(AMAZON.len() >= 5, "{}", AMAZON.len());
    }
}
