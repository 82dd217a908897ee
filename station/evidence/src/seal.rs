//! The signature over a bundle: CMS SignedData (RFC 5652), detached, DER, ECDSA P-256 with SHA-256, station certificate
//! inside, signed attributes contentType, messageDigest and signingTime. Stock OpenSSL 3.0 verifies it:
//! `openssl cms -verify -binary -inform DER -in manifest.p7s -content manifest.sha256 -CAfile ca.pem -purpose any`.
//!
//! Invariant: for one certificate, content, time and signature there is exactly one file, and [`check`] accepts only that
//! one: it rebuilds the file from its parts and compares every byte. Knows nothing of bundles.

use crate::hash::sha256;
use crate::identity::{self, ECDSA_SHA256, Identity};
use crate::{Error, Hash};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use der::{Any, Decode, Encode};
use std::time::Duration;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::certificate::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// id-signedData (RFC 5652 §5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-data (RFC 5652 §4).
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// contentType, messageDigest, signingTime (RFC 5652 §11.1-11.3).
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// id-sha256 (RFC 5754 §2.2; parameters absent).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Signs `content` at a moment (seconds since 1970 UTC); the DER bytes of `manifest.p7s`.
///
/// # Errors
/// [`Error::Certificate`] when the certificate is not valid at that moment, [`Error::Asn1`] for a time after 2049.
pub fn sign(identity: &Identity, content: &[u8], unix_s: u64) -> Result<Vec<u8>, Error> {
    identity::check_valid_at(identity.station(), unix_s).map_err(Error::Certificate)?;
    let attributes = attributes(&sha256(content), unix_s)?;
    let signature = identity.sign(&attributes.to_der()?);
    Ok(assemble(identity.station(), attributes, &signature)?)
}

/// Who signed, and when, by their own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Subject of the station's certificate.
    pub by: String,
    /// Seconds since 1970 UTC, as the station's clock said.
    pub unix_s: u64,
}

/// What is wrong, and whether it lies in the content (`true`) or in the signature file.
pub(crate) struct BadSeal {
    pub(crate) in_content: bool,
    pub(crate) reason: String,
}

/// Checks a signature file against its content, the station's certificate and the authority's.
pub(crate) fn check(p7s: &[u8], content: &[u8], station: &Certificate, ca: &Certificate) -> Result<Signed, BadSeal> {
    let bad = |reason: &str| BadSeal {
        in_content: false,
        reason: reason.into(),
    };
    // 1. Take the two free parts out: the time and the signature.
    let damaged = |_| bad("is damaged: not a CMS signature");
    let outer = ContentInfo::from_der(p7s).map_err(damaged)?;
    let data: SignedData = outer.content.decode_as().map_err(damaged)?;
    let [signer] = data.signer_infos.0.as_slice() else {
        return Err(bad("does not hold exactly one signature"));
    };
    let attribute = |oid| -> Option<&Any> {
        let all = signer.signed_attrs.as_ref()?;
        all.iter().find(|a| a.oid == oid)?.values.get(0)
    };
    let unix_s = attribute(SIGNING_TIME)
        .and_then(|a| a.decode_as::<UtcTime>().ok())
        .map(|t| t.to_unix_duration().as_secs())
        .ok_or_else(|| bad("holds no signing time"))?;
    let digest = attribute(MESSAGE_DIGEST)
        .and_then(|a| Hash::try_from(a.value()).ok())
        .ok_or_else(|| bad("holds no SHA-256 of what was signed"))?;

    // 2. Rebuild the file from them and the station's certificate: not a byte may differ.
    let attributes = attributes(&digest, unix_s).map_err(|e| bad(&e.to_string()))?;
    let signed_bytes = attributes.to_der().map_err(damaged)?;
    let rebuilt = assemble(station, attributes, signer.signature.as_bytes()).map_err(damaged)?;
    if rebuilt != p7s {
        return Err(bad(
            "was altered, or was signed by another station than the one of station.pem",
        ));
    }

    // 3. The signature must be the station's, the station's certificate the authority's, and the content what was signed.
    let key = identity::public_key(station).map_err(|e| bad(&format!("station.pem {e}")))?;
    if !identity::signature_holds(&key, &signed_bytes, signer.signature.as_bytes()) {
        return Err(bad("the signature is not by the key of station.pem"));
    }
    identity::check_issued(station, ca).map_err(|e| bad(&format!("the signer's certificate {e}")))?;
    identity::check_issued(ca, ca).map_err(|e| bad(&format!("the authority's certificate {e}")))?;
    for cert in [station, ca] {
        identity::check_valid_at(cert, unix_s).map_err(|e| bad(&e))?;
    }
    if digest != sha256(content) {
        return Err(BadSeal {
            in_content: true,
            reason: "was altered after it was signed".into(),
        });
    }
    Ok(Signed {
        by: station.tbs_certificate().subject().to_string(),
        unix_s,
    })
}

fn attributes(digest: &Hash, unix_s: u64) -> der::Result<Attributes> {
    let one = |oid, value: Any| -> der::Result<Attribute> {
        Ok(Attribute {
            oid,
            values: SetOfVec::try_from(vec![value])?,
        })
    };
    let time = UtcTime::from_unix_duration(Duration::from_secs(unix_s))?;
    SetOfVec::try_from(vec![
        one(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        one(SIGNING_TIME, Any::encode_from(&time)?)?,
        one(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(&digest[..])?)?)?,
    ])
}

fn assemble(station: &Certificate, attributes: Attributes, signature: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = |oid| AlgorithmIdentifierOwned { oid, parameters: None };
    let tbs = station.tbs_certificate();
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        }),
        digest_alg: algorithm(SHA256),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(ECDSA_SHA256),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA256)])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: DATA,
            econtent: None,
        },
        certificates: Some(CertificateSet::try_from(vec![CertificateChoices::Certificate(
            station.clone(),
        )])?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer])?,
    };
    ContentInfo {
        content_type: SIGNED_DATA,
        content: Any::encode_from(&data)?,
    }
    .to_der()
}
