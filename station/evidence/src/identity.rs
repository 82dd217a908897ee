//! The station's keys and certificates: ECDSA on P-256 with SHA-256, which stock OpenSSL and every court's tools check.
//!
//! Everything is made from 32 random bytes that the caller read from the operating system; the same bytes give the same
//! keys and certificates. Signatures are deterministic (RFC 6979). This crate never stores a key: the caller seals the PEM.
//! Must not know bundles.

use crate::Error;
use crate::hash::sha256;
use der::asn1::{GeneralizedTime, ObjectIdentifier};
use der::pem::LineEnding;
use der::{DecodePem, Encode, EncodePem};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use std::str::FromStr;
use std::time::Duration;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::certificate::{Certificate, TbsCertificate};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

/// ecdsa-with-SHA256 (RFC 5758 §3.2).
pub(crate) const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1 (RFC 5480 §2.1.1.1).
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Years a generated certificate lives, from `not_before`.
const LIFE_YEARS: u64 = 20;

/// A station that can sign: its key, its certificate and the certificate of the authority that vouches for it.
#[derive(Clone)]
pub struct Identity {
    key: SigningKey,
    station: Certificate,
    ca: Certificate,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.station.tbs_certificate().subject())
    }
}

/// A new identity as text for files. `station_key` and `ca_key` are secrets: file mode 0600, or a sealed store.
#[derive(Clone)]
pub struct IdentityPem {
    /// PKCS#8 private key of the station.
    pub station_key: String,
    /// Certificate of the station, signed by the authority.
    pub station_cert: String,
    /// PKCS#8 private key of the authority. Not needed to seal; keep it away from the station, or destroy it.
    pub ca_key: String,
    /// Self-signed certificate of the authority: what a verifier must obtain by another way than the bundle.
    pub ca_cert: String,
}

impl IdentityPem {
    /// Makes an authority and a station from 32 bytes of the operating system's random source.
    ///
    /// `agency` and `station` become the common names (letters, digits, space, `.`, `_`, `-`; 1 to 48 of them).
    /// Certificates are valid from `not_before_unix_s` (seconds since 1970 UTC) for twenty years.
    ///
    /// # Errors
    /// [`Error::Name`] for an unusable name, [`Error::Asn1`] for a time outside 1970-2049.
    pub fn generate(seed: &[u8; 32], agency: &str, station: &str, not_before_unix_s: u64) -> Result<Self, Error> {
        let ca_key = derive_key(seed, b"vedette authority key v1");
        let station_key = derive_key(seed, b"vedette station key v1");
        let ca_name = name(agency, "authority")?;
        let station_name = name(station, "station")?;
        let validity = || -> Result<Validity, Error> {
            Ok(Validity::new(
                time(not_before_unix_s)?,
                time(not_before_unix_s + LIFE_YEARS * 31_557_600)?,
            ))
        };
        let ca = certificate(
            Profile {
                issuer: ca_name.clone(),
                subject: ca_name.clone(),
                ca: true,
            },
            &ca_key,
            &ca_key,
            validity()?,
        )?;
        let leaf = certificate(
            Profile {
                issuer: ca_name,
                subject: station_name,
                ca: false,
            },
            &station_key,
            &ca_key,
            validity()?,
        )?;
        let pem_key = |key: &SigningKey| -> Result<String, Error> {
            let text = key
                .to_pkcs8_pem(LineEnding::LF)
                .map_err(|e| Error::Key(e.to_string()))?;
            Ok(text.to_string())
        };
        Ok(Self {
            station_key: pem_key(&station_key)?,
            station_cert: leaf.to_pem(LineEnding::LF)?,
            ca_key: pem_key(&ca_key)?,
            ca_cert: ca.to_pem(LineEnding::LF)?,
        })
    }
}

impl Identity {
    /// Reads an identity from its three texts and checks that they belong together.
    ///
    /// # Errors
    /// [`Error::Key`] when the key cannot be read or is not the certificate's, [`Error::Certificate`] when the
    /// authority did not sign the station's certificate.
    pub fn from_pem(station_key: &str, station_cert: &str, ca_cert: &str) -> Result<Self, Error> {
        let key = SigningKey::from_pkcs8_pem(station_key).map_err(|e| Error::Key(e.to_string()))?;
        let station = Certificate::from_pem(station_cert)?;
        let ca = Certificate::from_pem(ca_cert)?;
        let public = public_key(&station).map_err(Error::Certificate)?;
        if &public != key.verifying_key() {
            return Err(Error::Key("the station's key is not the one in its certificate".into()));
        }
        check_issued(&station, &ca).map_err(Error::Certificate)?;
        Ok(Self { key, station, ca })
    }

    /// ECDSA P-256/SHA-256 signature in DER, as `openssl dgst -sha256 -verify` takes it.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.key.sign(message);
        signature.as_bytes().to_vec()
    }

    /// The station's certificate.
    pub(crate) fn station(&self) -> &Certificate {
        &self.station
    }

    /// The station's certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Asn1`] when it cannot be written.
    pub fn station_pem(&self) -> Result<String, Error> {
        Ok(self.station.to_pem(LineEnding::LF)?)
    }

    /// The authority's certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Asn1`] when it cannot be written.
    pub fn ca_pem(&self) -> Result<String, Error> {
        Ok(self.ca.to_pem(LineEnding::LF)?)
    }
}

/// SHA-256 of a certificate's DER, hex: what people compare by telephone (`openssl x509 -fingerprint -sha256`).
///
/// # Errors
/// A sentence when the text is not a PEM certificate.
pub fn fingerprint(cert_pem: &str) -> Result<String, String> {
    let cert = Certificate::from_pem(cert_pem).map_err(|e| format!("is not a certificate: {e}"))?;
    let der = cert.to_der().map_err(|e| e.to_string())?;
    Ok(crate::hash::hex(&sha256(&der)))
}

/// The P-256 key of a certificate.
pub(crate) fn public_key(cert: &Certificate) -> Result<VerifyingKey, String> {
    let spki = cert.tbs_certificate().subject_public_key_info();
    let curve: Option<ObjectIdentifier> = spki.algorithm.parameters.as_ref().and_then(|p| p.decode_as().ok());
    if spki.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SECP256R1) {
        return Err("holds a key that is not ECDSA P-256".into());
    }
    VerifyingKey::from_sec1_bytes(spki.subject_public_key.raw_bytes()).map_err(|_| "holds a damaged public key".into())
}

/// True when `signature` (DER) over `message` is by `key`.
pub(crate) fn signature_holds(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    DerSignature::try_from(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
}

/// Whether `ca` is an authority and signed `cert`; the names must match too (RFC 5280 §6.1, two certificates long).
pub(crate) fn check_issued(cert: &Certificate, ca: &Certificate) -> Result<(), String> {
    let (leaf, root) = (cert.tbs_certificate(), ca.tbs_certificate());
    if leaf.issuer() != root.subject() {
        return Err(format!(
            "was issued by \"{}\", not by the authority \"{}\"",
            leaf.issuer(),
            root.subject()
        ));
    }
    let may_sign = matches!(root.get_extension::<BasicConstraints>(), Ok(Some((_, b))) if b.ca)
        && matches!(root.get_extension::<KeyUsage>(), Ok(Some((_, u))) if u.key_cert_sign());
    if !may_sign {
        return Err(format!("\"{}\" is not an authority's certificate", root.subject()));
    }
    let key = public_key(ca).map_err(|e| format!("the authority's certificate {e}"))?;
    let message = leaf.to_der().map_err(|e| e.to_string())?;
    if cert.signature_algorithm().oid != ECDSA_SHA256 || !signature_holds(&key, &message, cert.signature().raw_bytes())
    {
        return Err(format!("was not signed by the authority \"{}\"", root.subject()));
    }
    Ok(())
}

/// Whether a certificate was valid at a moment (seconds since 1970 UTC).
pub(crate) fn check_valid_at(cert: &Certificate, unix_s: u64) -> Result<(), String> {
    let v = cert.tbs_certificate().validity();
    let (from, to) = (
        v.not_before.to_unix_duration().as_secs(),
        v.not_after.to_unix_duration().as_secs(),
    );
    if unix_s < from || unix_s > to {
        return Err(format!(
            "the certificate of \"{}\" is valid from {from} to {to} (Unix seconds) and was used at {unix_s}",
            cert.tbs_certificate().subject()
        ));
    }
    Ok(())
}

/// Reads a PEM certificate.
pub(crate) fn read_certificate(pem: &[u8]) -> Result<Certificate, String> {
    Certificate::from_pem(pem).map_err(|e| format!("is not a PEM certificate: {e}"))
}

/// The first hash of seed, purpose and counter that is a valid scalar; the first try is, but for about one in 2^32.
fn derive_key(seed: &[u8; 32], purpose: &[u8]) -> SigningKey {
    let mut block = sha256(&[&seed[..], purpose].concat());
    loop {
        if let Ok(key) = SigningKey::from_slice(&block) {
            return key;
        }
        block = sha256(&block);
    }
}

fn name(text: &str, role: &str) -> Result<Name, Error> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
    if text.is_empty() || text.len() > 48 || text.trim() != text || !text.chars().all(fine) {
        return Err(Error::Name(text.into()));
    }
    Ok(Name::from_str(&format!("CN={text},OU={role},O=Vedette"))?)
}

fn time(unix_s: u64) -> Result<Time, Error> {
    Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(
        Duration::from_secs(unix_s),
    )?))
}

fn certificate(
    profile: Profile,
    subject: &SigningKey,
    issuer: &SigningKey,
    validity: Validity,
) -> Result<Certificate, Error> {
    let public = SubjectPublicKeyInfo::from_key(subject.verifying_key()).map_err(|e| Error::Key(e.to_string()))?;
    let mut serial = sha256(subject.verifying_key().to_sec1_bytes().as_ref())[..16].to_vec();
    serial[0] = serial[0] & 0x3f | 0x40; // positive, and always 16 bytes
    let serial = SerialNumber::new(&serial)?;
    CertificateBuilder::new(profile, serial, validity, public)
        .and_then(|b| b.build::<_, DerSignature>(issuer))
        .map_err(|e| Error::Certificate(e.to_string()))
}

/// What our certificates say of themselves: authorities sign certificates only, stations sign evidence only.
struct Profile {
    issuer: Name,
    subject: Name,
    ca: bool,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        spk: SubjectPublicKeyInfoRef<'_>,
        issuer_spk: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = if self.ca {
            KeyUsages::KeyCertSign | KeyUsages::CRLSign
        } else {
            KeyUsages::DigitalSignature | KeyUsages::NonRepudiation
        };
        let constraints = BasicConstraints {
            ca: self.ca,
            path_len_constraint: self.ca.then_some(0),
        };
        let issuer_id = AuthorityKeyIdentifier {
            key_identifier: Some(SubjectKeyIdentifier::try_from(issuer_spk)?.0),
            ..Default::default()
        };
        let none: &[Extension] = &[];
        let subject = tbs.subject();
        Ok(vec![
            constraints.to_extension(subject, none)?,
            KeyUsage(usage).to_extension(subject, none)?,
            SubjectKeyIdentifier::try_from(spk)?.to_extension(subject, none)?,
            issuer_id.to_extension(subject, none)?,
        ])
    }
}
