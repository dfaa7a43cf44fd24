//! Private keys behind a passphrase: PKCS#8 with PBES2 (RFC 8018), and cosign's own files (scrypt, and NaCl's secretbox).
//!
//! Invariant: a wrong passphrase and a changed file are one error; what a file demands of memory and time has a limit.
use super::KeyError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use pkcs8::der::pem;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::pkcs5::{EncryptionScheme, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use serde::Deserialize;

/// How cosign begins its files, today and before.
const COSIGN: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
const PKCS8: &str = "ENCRYPTED PRIVATE KEY";
/// Most memory that scrypt may take: 128 · N · r bytes. cosign's files take 64 MiB.
const MAX_SCRYPT_BYTES: u64 = 512 << 20;
/// Most rounds of PBKDF2: OpenSSL makes 2,048, careful people a million.
const MAX_ROUNDS: u32 = 20_000_000;

/// True if a PEM file needs a passphrase.
pub(super) fn is_sealed(text: &str) -> bool {
    text.contains("-----BEGIN ENCRYPTED ")
}

/// The PKCS#8 document in an encrypted PEM file.
pub(super) fn open(text: &str, passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
    let (label, bytes) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| KeyError::NotPrivate)?;
    match label {
        PKCS8 => {
            let sealed = EncryptedPrivateKeyInfoRef::try_from(&bytes[..]).map_err(|_| KeyError::Unsupported)?;
            limit(&sealed.encryption_algorithm)?;
            sealed.decrypt(passphrase).map_err(|_| KeyError::Passphrase)
        }
        label if COSIGN.contains(&label) => open_cosign(&bytes, passphrase),
        _ => Err(KeyError::NotPrivate),
    }
}

/// The encrypted PEM file of a PKCS#8 document.
pub(super) fn seal(document: &PrivateKeyInfoRef<'_>, passphrase: &[u8]) -> Result<String, KeyError> {
    let sealed = document.encrypt(passphrase).map_err(|_| KeyError::NoEntropy)?;
    let text = sealed.to_pem(PKCS8, pem::LineEnding::LF).map_err(|_| KeyError::Unsupported)?;
    Ok(text.to_string())
}

fn limit(scheme: &EncryptionScheme) -> Result<(), KeyError> {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return Err(KeyError::Unsupported) };
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count <= MAX_ROUNDS => Ok(()),
        Kdf::Scrypt(s) if fits(s.cost_parameter, s.block_size.into(), s.parallelization.into()) => Ok(()),
        _ => Err(KeyError::Costly),
    }
}

fn fits(n: u64, r: u64, p: u64) -> bool {
    let bytes = n.checked_mul(r).and_then(|bytes| bytes.checked_mul(128));
    p <= 16 && bytes.is_some_and(|bytes| bytes <= MAX_SCRYPT_BYTES)
}

/// What stands in cosign's file, as its own library wrote it (secure-systems-lab/go-securesystemslib, encrypted).
#[derive(Deserialize)]
struct Cosign {
    kdf: CosignKdf,
    cipher: CosignCipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct CosignKdf {
    name: String,
    params: CosignScrypt,
    salt: String,
}

#[derive(Deserialize)]
struct CosignScrypt {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct CosignCipher {
    name: String,
    nonce: String,
}

fn open_cosign(json: &[u8], passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
    let file: Cosign = serde_json::from_slice(json).map_err(|_| KeyError::Unsupported)?;
    if file.kdf.name != "scrypt" || file.cipher.name != "nacl/secretbox" || !file.kdf.params.n.is_power_of_two() {
        return Err(KeyError::Unsupported);
    }
    let CosignScrypt { n, r, p } = file.kdf.params;
    if !fits(n, r.into(), p.into()) {
        return Err(KeyError::Costly);
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| KeyError::Unsupported);
    let (salt, nonce) = (decode(&file.kdf.salt)?, decode(&file.cipher.nonce)?);
    let nonce = <[u8; 24]>::try_from(nonce).map_err(|_| KeyError::Unsupported)?;
    let parameters = scrypt::Params::new(n.trailing_zeros() as u8, r, p).map_err(|_| KeyError::Unsupported)?;
    let mut key = zeroize::Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase, &salt, &parameters, &mut key[..]).map_err(|_| KeyError::Unsupported)?;
    let cipher = XSalsa20Poly1305::new((&*key).into());
    let opened = cipher.decrypt(&nonce.into(), &decode(&file.ciphertext)?[..]).map_err(|_| KeyError::Passphrase)?;
    let opened = zeroize::Zeroizing::new(opened);
    SecretDocument::try_from(&opened[..]).map_err(|_| KeyError::Unsupported)
}
