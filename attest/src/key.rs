//! Signing keys: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5), as PEM files.
use ed25519_dalek::pkcs8::spki::{DecodePublicKey as _, EncodePublicKey as _};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use sekisho_events::Digest;
use std::fmt;

/// Which signature scheme a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519: 64-byte signatures.
    Ed25519,
    /// ECDSA over P-256 with SHA-256: DER signatures, as cosign and securesystemslib write them.
    P256,
}

/// Why a key cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM of the expected kind.
    #[error("not a PEM file of an unencrypted PKCS#8 private key")]
    NotPrivate,
    /// Not PEM of the expected kind.
    #[error("not a PEM file of a public key (SubjectPublicKeyInfo)")]
    NotPublic,
    /// A private key where a public one is expected.
    #[error("a private key where a public one is expected")]
    PrivateForPublic,
    /// A public key where a private one is expected.
    #[error("a public key where a private one is expected")]
    PublicForPrivate,
    /// An encrypted private key.
    #[error("an encrypted private key, which is not supported")]
    Encrypted,
    /// Neither Ed25519 nor P-256, or malformed.
    #[error("neither an Ed25519 nor a P-256 key, or malformed")]
    Unsupported,
    /// A point of small order, whose signatures prove nothing.
    #[error("a weak Ed25519 key")]
    Weak,
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    NoEntropy,
}

/// A private key. It is wiped from memory when dropped, and its `Debug` shows nothing.
pub struct SecretKey(Secret);

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl SecretKey {
    /// A new key from the kernel's random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        // A P-256 scalar is out of range once in 2^32 draws; three draws suffice for any machine's life.
        for _ in 0..3 {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|_| KeyError::NoEntropy)?;
            if let Ok(key) = Self::from_seed(algorithm, &seed) {
                return Ok(key);
            }
        }
        Err(KeyError::NoEntropy)
    }

    /// The key with this secret: for tests, and for keys kept elsewhere.
    pub fn from_seed(algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ok(Self(match algorithm {
            Algorithm::Ed25519 => Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)),
            Algorithm::P256 => {
                Secret::P256(p256::ecdsa::SigningKey::from_slice(seed).map_err(|_| KeyError::Unsupported)?)
            }
        }))
    }

    /// Reads an unencrypted PKCS#8 PEM file.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("-----BEGIN ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        if pem.contains("-----BEGIN PUBLIC KEY") {
            return Err(KeyError::PublicForPrivate);
        }
        if !pem.contains("-----BEGIN PRIVATE KEY") {
            return Err(KeyError::NotPrivate);
        }
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            return Ok(Self(Secret::Ed25519(key)));
        }
        match p256::ecdsa::SigningKey::from_pkcs8_pem(pem) {
            Ok(key) => Ok(Self(Secret::P256(key))),
            Err(_) => Err(KeyError::Unsupported),
        }
    }

    /// The PKCS#8 PEM file. Ed25519 keys are written in version 1 of the format, which every OpenSSL reads.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let ending = ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF;
        let pem = match &self.0 {
            Secret::Ed25519(key) => {
                let bytes = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                bytes.to_pkcs8_pem(ending)
            }
            Secret::P256(key) => key.to_pkcs8_pem(ending),
        };
        pem.map(|text| text.to_string()).map_err(|_| KeyError::Unsupported)
    }

    /// The public half.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        PublicKey::new(match &self.0 {
            Secret::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Secret::P256(key) => Public::P256(*key.verifying_key()),
        })
    }

    /// Signs; the same message and key give the same bytes (RFC 8032; RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Secret::Ed25519(key) => ed25519_dalek::Signer::sign(key, message).to_bytes().to_vec(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// A public key. Two are equal if their SubjectPublicKeyInfo is, whatever they are called.
#[derive(Clone)]
pub struct PublicKey {
    public: Public,
    spki: Vec<u8>,
}

#[derive(Clone)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    fn new(public: Public) -> Result<Self, KeyError> {
        let spki = match &public {
            Public::Ed25519(key) => key.to_public_key_der(),
            Public::P256(key) => key.to_public_key_der(),
        };
        let spki = spki.map_err(|_| KeyError::Unsupported)?.as_bytes().to_vec();
        Ok(Self { public, spki })
    }

    /// Reads a SubjectPublicKeyInfo PEM file.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::PrivateForPublic);
        }
        if !pem.contains("-----BEGIN PUBLIC KEY") {
            return Err(KeyError::NotPublic);
        }
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_pem(pem) {
            return if key.is_weak() { Err(KeyError::Weak) } else { Self::new(Public::Ed25519(key)) };
        }
        match p256::ecdsa::VerifyingKey::from_public_key_pem(pem) {
            Ok(key) => Self::new(Public::P256(key)),
            Err(_) => Err(KeyError::Unsupported),
        }
    }

    /// The SubjectPublicKeyInfo PEM file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let ending = ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF;
        match &self.public {
            Public::Ed25519(key) => key.to_public_key_pem(ending),
            Public::P256(key) => key.to_public_key_pem(ending),
        }
        .map_err(|_| KeyError::Unsupported)
    }

    /// The DER form: what identifies the key.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the DER form in hex, as cosign names keys. A hint in envelopes, never a proof.
    pub fn id(&self) -> String {
        Digest::of(&self.spki).to_hex()
    }

    /// Its scheme.
    pub fn algorithm(&self) -> Algorithm {
        match self.public {
            Public::Ed25519(_) => Algorithm::Ed25519,
            Public::P256(_) => Algorithm::P256,
        }
    }

    /// True if `signature` is this key's over `message`. Ed25519 is checked strictly (no small-order points, one
    /// encoding); P-256 takes DER, and the 64 bytes r ‖ s of the DSSE test vector.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Public::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .or_else(|_| p256::ecdsa::Signature::from_slice(signature))
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?} {})", self.algorithm(), self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::P256];

    #[test]
    fn a_key_survives_its_files_and_verifies_what_it_signed() {
        for algorithm in BOTH {
            let key = SecretKey::generate(algorithm).unwrap();
            let again = SecretKey::from_pem(&key.to_pem().unwrap()).unwrap();
            let public = PublicKey::from_pem(&key.public().unwrap().to_pem().unwrap()).unwrap();
            assert_eq!(public, again.public().unwrap());
            let signature = again.sign(b"message");
            assert_eq!(signature, key.sign(b"message"), "signing is deterministic");
            assert!(public.verifies(b"message", &signature));
            assert!(!public.verifies(b"messagf", &signature));
        }
    }

    #[test]
    fn no_other_key_and_no_changed_signature_verifies() {
        for algorithm in BOTH {
            let key = SecretKey::from_seed(algorithm, &[7; 32]).unwrap();
            let other = SecretKey::from_seed(algorithm, &[8; 32]).unwrap().public().unwrap();
            let signature = key.sign(b"m");
            assert!(!other.verifies(b"m", &signature));
            for at in 0..signature.len() {
                let mut changed = signature.clone();
                changed[at] ^= 1;
                assert!(!key.public().unwrap().verifies(b"m", &changed), "{algorithm:?} byte {at}");
            }
            assert!(!key.public().unwrap().verifies(b"m", &signature[..signature.len() - 1]));
            assert!(!key.public().unwrap().verifies(b"m", &[]));
        }
    }

    #[test]
    fn what_is_no_key_is_named() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        let (private, public) = (key.to_pem().unwrap(), key.public().unwrap().to_pem().unwrap());
        assert_eq!(SecretKey::from_pem("hello").unwrap_err(), KeyError::NotPrivate);
        assert_eq!(SecretKey::from_pem(&public).unwrap_err(), KeyError::PublicForPrivate);
        assert_eq!(PublicKey::from_pem(&private).unwrap_err(), KeyError::PrivateForPublic);
        assert_eq!(PublicKey::from_pem("").unwrap_err(), KeyError::NotPublic);
        let cut = public.replace("MCow", "MCox");
        assert_eq!(PublicKey::from_pem(&cut).unwrap_err(), KeyError::Unsupported);
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(SecretKey::from_pem(locked).unwrap_err(), KeyError::Encrypted);
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
    }
}
