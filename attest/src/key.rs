//! Signing keys: Ed25519 (RFC 8032), ECDSA over P-256 with SHA-256 and over P-384 with SHA-384 (FIPS 186-5), as PEM files.
mod elsewhere;
mod sealed;

use ed25519_dalek::SigningKey;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use pkcs8::der::pem::LineEnding;
use pkcs8::spki::{DecodePublicKey as _, EncodePublicKey as _};
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, PrivateKeyInfoRef, SecretDocument};
use sekisho_events::Digest;
use std::fmt;
use zeroize::Zeroizing;

pub use elsewhere::Keeper;

/// Which signature scheme a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519: 64-byte signatures.
    Ed25519,
    /// ECDSA over P-256 with SHA-256: DER signatures, as cosign and securesystemslib write them.
    P256,
    /// ECDSA over P-384 with SHA-384: the same.
    P384,
}

impl Algorithm {
    /// Length of a secret.
    fn secret_bytes(self) -> usize {
        match self {
            Self::Ed25519 | Self::P256 => 32,
            Self::P384 => MAX_SECRET_BYTES,
        }
    }
}

const MAX_SECRET_BYTES: usize = 48;

/// Why a key cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM of the expected kind.
    #[error("not a PEM file of a private key (PKCS#8, or cosign's own)")]
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
    /// An encrypted private key, and no passphrase.
    #[error("an encrypted private key, which needs its passphrase")]
    Encrypted,
    /// Another passphrase, or a file that was changed.
    #[error("the passphrase does not open this key")]
    Passphrase,
    /// To try the passphrase would take more memory or time than any sensible file does.
    #[error("the encryption of this key demands too much memory or time")]
    Costly,
    /// None of the three, or malformed.
    #[error("neither an Ed25519 nor a P-256 nor a P-384 key, or malformed")]
    Unsupported,
    /// A point of small order, whose signatures prove nothing.
    #[error("a weak Ed25519 key")]
    Weak,
    /// A key of which there is no file.
    #[error("a key that is kept elsewhere, and has no file")]
    Elsewhere,
    /// What keeps the key gave no signature, or one that is not this key's.
    #[error("what keeps the key did not sign")]
    NotSigned,
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    NoEntropy,
}

/// A private key. It is wiped from memory when dropped, and its `Debug` shows nothing.
pub struct SecretKey(Secret);

enum Secret {
    Ed25519(SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Elsewhere(PublicKey, Box<dyn Keeper>),
}

impl SecretKey {
    /// A new key from the kernel's random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        // A P-256 scalar is out of range once in 2^32 draws; three draws suffice for any machine's life.
        for _ in 0..3 {
            let mut seed = Zeroizing::new([0; MAX_SECRET_BYTES]);
            let seed = &mut seed[..algorithm.secret_bytes()];
            getrandom::fill(seed).map_err(|_| KeyError::NoEntropy)?;
            if let Ok(key) = Self::from_seed(algorithm, seed) {
                return Ok(key);
            }
        }
        Err(KeyError::NoEntropy)
    }

    /// The key with this secret, of 32 bytes, 48 for P-384: for tests, and for keys kept elsewhere.
    pub fn from_seed(algorithm: Algorithm, seed: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::Ed25519 => seed.try_into().ok().map(|seed| Secret::Ed25519(SigningKey::from_bytes(seed))),
            Algorithm::P256 => p256::ecdsa::SigningKey::from_slice(seed).ok().map(Secret::P256),
            Algorithm::P384 => p384::ecdsa::SigningKey::from_slice(seed).ok().map(Secret::P384),
        };
        key.map(Self).ok_or(KeyError::Unsupported)
    }

    /// The key of a token or a service, which signs and does not show it.
    pub fn kept_elsewhere(public: PublicKey, keeper: Box<dyn Keeper>) -> Self {
        Self(Secret::Elsewhere(public, keeper))
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
        let (_, document) = SecretDocument::from_pem(pem.trim()).map_err(|_| KeyError::Unsupported)?;
        Self::from_der(&document)
    }

    /// True if the file needs a passphrase.
    pub fn is_sealed(pem: &str) -> bool {
        sealed::is_sealed(pem)
    }

    /// Reads an encrypted PEM file: PKCS#8 with PBES2, or cosign's own.
    pub fn from_sealed_pem(pem: &str, passphrase: &[u8]) -> Result<Self, KeyError> {
        Self::from_der(&sealed::open(pem, passphrase)?)
    }

    fn from_der(document: &SecretDocument) -> Result<Self, KeyError> {
        let der = document.as_bytes();
        let key = (SigningKey::from_pkcs8_der(der).map(Secret::Ed25519))
            .or_else(|_| p256::ecdsa::SigningKey::from_pkcs8_der(der).map(Secret::P256))
            .or_else(|_| p384::ecdsa::SigningKey::from_pkcs8_der(der).map(Secret::P384));
        key.map(Self).map_err(|_| KeyError::Unsupported)
    }

    /// The PKCS#8 document. Ed25519 keys are written in version 1 of the format, which every OpenSSL reads.
    fn to_der(&self) -> Result<SecretDocument, KeyError> {
        let document = match &self.0 {
            Secret::Ed25519(key) => {
                let bytes = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                bytes.to_pkcs8_der()
            }
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::Elsewhere(..) => return Err(KeyError::Elsewhere),
        };
        document.map_err(|_| KeyError::Unsupported)
    }

    /// The PKCS#8 PEM file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.to_der()?.to_pem("PRIVATE KEY", LineEnding::LF);
        pem.map(|text| text.to_string()).map_err(|_| KeyError::Unsupported)
    }

    /// The same, encrypted (PBES2: scrypt, AES-256-CBC), as OpenSSL reads it.
    pub fn to_sealed_pem(&self, passphrase: &[u8]) -> Result<String, KeyError> {
        let document = self.to_der()?;
        let document = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| KeyError::Unsupported)?;
        sealed::seal(&document, passphrase)
    }

    /// The public half.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        PublicKey::new(match &self.0 {
            Secret::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Secret::P256(key) => Public::P256(*key.verifying_key()),
            Secret::P384(key) => Public::P384(*key.verifying_key()),
            Secret::Elsewhere(public, _) => return Ok(public.clone()),
        })
    }

    /// Signs; the same message and key give the same bytes (RFC 8032; RFC 6979), unless the key is kept elsewhere.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(match &self.0 {
            Secret::Ed25519(key) => ed25519_dalek::Signer::sign(key, message).to_bytes().to_vec(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::Elsewhere(public, keeper) => elsewhere::sign(public, &**keeper, message)?,
        })
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
    P384(p384::ecdsa::VerifyingKey),
}

impl PublicKey {
    fn new(public: Public) -> Result<Self, KeyError> {
        let spki = match &public {
            Public::Ed25519(key) => key.to_public_key_der(),
            Public::P256(key) => key.to_public_key_der(),
            Public::P384(key) => key.to_public_key_der(),
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
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_pem(pem) {
            return Self::new(Public::P256(key));
        }
        match p384::ecdsa::VerifyingKey::from_public_key_pem(pem) {
            Ok(key) => Self::new(Public::P384(key)),
            Err(_) => Err(KeyError::Unsupported),
        }
    }

    /// The Ed25519 key of these bytes (RFC 8032).
    pub fn from_ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unsupported)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Self::new(Public::Ed25519(key)) }
    }

    /// The key that is this point: 32 bytes of Ed25519 (RFC 8032), or a point of the curve as SEC 1 writes it.
    pub fn from_point(algorithm: Algorithm, point: &[u8]) -> Result<Self, KeyError> {
        let wrong = |_| KeyError::Unsupported;
        match algorithm {
            Algorithm::Ed25519 => Self::from_ed25519(point.try_into().map_err(|_| KeyError::Unsupported)?),
            Algorithm::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .map_err(wrong)
                .and_then(|k| Self::new(Public::P256(k))),
            Algorithm::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .map_err(wrong)
                .and_then(|k| Self::new(Public::P384(k))),
        }
    }

    /// The SubjectPublicKeyInfo PEM file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        match &self.public {
            Public::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P384(key) => key.to_public_key_pem(LineEnding::LF),
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
            Public::P384(_) => Algorithm::P384,
        }
    }

    /// True if `signature` is this key's over `message`. Ed25519 is checked strictly (no small-order points, one
    /// encoding); the others take DER, and the bytes r ‖ s of the DSSE test vector.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Public::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .or_else(|_| p256::ecdsa::Signature::from_slice(signature))
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Public::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .or_else(|_| p384::ecdsa::Signature::from_slice(signature))
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

    const ALL: [Algorithm; 3] = [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384];

    #[test]
    fn a_key_survives_its_files_and_verifies_what_it_signed() {
        for algorithm in ALL {
            let key = SecretKey::generate(algorithm).unwrap();
            let again = SecretKey::from_pem(&key.to_pem().unwrap()).unwrap();
            let public = PublicKey::from_pem(&key.public().unwrap().to_pem().unwrap()).unwrap();
            assert_eq!(public, again.public().unwrap());
            let signature = again.sign(b"message").unwrap();
            assert_eq!(signature, key.sign(b"message").unwrap(), "signing is deterministic");
            assert!(public.verifies(b"message", &signature));
            assert!(!public.verifies(b"messagf", &signature));
        }
    }

    #[test]
    fn no_other_key_and_no_changed_signature_verifies() {
        for algorithm in ALL {
            let key = SecretKey::from_seed(algorithm, &[7; 48][..algorithm.secret_bytes()]).unwrap();
            let other =
                SecretKey::from_seed(algorithm, &[8; 48][..algorithm.secret_bytes()]).unwrap().public().unwrap();
            let signature = key.sign(b"m").unwrap();
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
    fn a_sealed_key_opens_with_its_passphrase_alone() {
        for algorithm in ALL {
            let key = SecretKey::from_seed(algorithm, &[7; 48][..algorithm.secret_bytes()]).unwrap();
            let pem = key.to_sealed_pem(b"correct horse").unwrap();
            assert!(SecretKey::is_sealed(&pem) && !SecretKey::is_sealed(&key.to_pem().unwrap()));
            let again = SecretKey::from_sealed_pem(&pem, b"correct horse").unwrap();
            assert_eq!(again.public().unwrap(), key.public().unwrap());
            assert_eq!(SecretKey::from_sealed_pem(&pem, b"correct horsf").unwrap_err(), KeyError::Passphrase);
            assert_eq!(SecretKey::from_pem(&pem).unwrap_err(), KeyError::Encrypted);
        }
    }

    /// `cosign generate-key-pair` 3.1.3, and `openssl genpkey -algorithm ed25519 -aes256` 3.0; passphrase `interop`.
    #[test]
    fn files_of_cosign_and_openssl_open() {
        let public = PublicKey::from_pem(include_str!("../tests/keys/cosign.pub")).unwrap();
        let key = SecretKey::from_sealed_pem(include_str!("../tests/keys/cosign.key"), b"interop").unwrap();
        assert_eq!(key.public().unwrap(), public);
        let pem = include_str!("../tests/keys/cosign.key");
        assert_eq!(SecretKey::from_sealed_pem(pem, b"interoq").unwrap_err(), KeyError::Passphrase);
        let public = PublicKey::from_pem(include_str!("../tests/keys/openssl.pub")).unwrap();
        let key = SecretKey::from_sealed_pem(include_str!("../tests/keys/openssl.key"), b"interop").unwrap();
        assert_eq!(key.public().unwrap(), public);
    }

    #[test]
    fn a_file_that_demands_all_memory_is_refused_before_it_is_given() {
        use base64::Engine as _;
        let file = |n: u64, r: u32| {
            let json = format!(
                r#"{{"kdf":{{"name":"scrypt","params":{{"N":{n},"r":{r},"p":1}},"salt":""}},"cipher":{{"name":"nacl/secretbox","nonce":""}},"ciphertext":""}}"#
            );
            let text = base64::engine::general_purpose::STANDARD.encode(json);
            format!(
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{text}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
            )
            .replace(
                &text,
                &text.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c)).collect::<Vec<_>>().join("\n"),
            )
        };
        for (n, r) in [(1 << 40, 8), (1 << 63, 8), (1 << 20, u32::MAX)] {
            assert_eq!(SecretKey::from_sealed_pem(&file(n, r), b"").unwrap_err(), KeyError::Costly, "{n} {r}");
        }
        assert_eq!(SecretKey::from_sealed_pem(&file(65535, 8), b"").unwrap_err(), KeyError::Unsupported);
        assert_eq!(SecretKey::from_sealed_pem(&file(65536, 8), b"").unwrap_err(), KeyError::Unsupported, "no nonce");
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
    }
}
