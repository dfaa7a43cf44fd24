//! Keys that are kept elsewhere, in a token or a service.
//!
//! Invariant: no signature goes out that the public key does not verify.
use super::{Algorithm, KeyError, PublicKey};
use sha2::{Digest as _, Sha256, Sha384};

/// What keeps a key, and signs with it.
pub trait Keeper: Send + Sync {
    /// The raw signature: of Ed25519 over the message itself, 64 bytes; of ECDSA over the digest of the message (SHA-256, for P-384 SHA-384), r and s
    /// one behind the other. Nothing if there is none to be had.
    fn sign(&self, input: &[u8]) -> Option<Vec<u8>>;
}

/// Signs a message; ECDSA in DER, as everywhere.
pub(super) fn sign(public: &PublicKey, keeper: &dyn Keeper, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let signature = match public.algorithm() {
        Algorithm::Ed25519 => keeper.sign(message),
        Algorithm::P256 => keeper
            .sign(&Sha256::digest(message))
            .and_then(|raw| Some(p256::ecdsa::Signature::from_slice(&raw).ok()?.to_der().as_bytes().to_vec())),
        Algorithm::P384 => keeper
            .sign(&Sha384::digest(message))
            .and_then(|raw| Some(p384::ecdsa::Signature::from_slice(&raw).ok()?.to_der().as_bytes().to_vec())),
    };
    signature.filter(|signature| public.verifies(message, signature)).ok_or(KeyError::NotSigned)
}

#[cfg(test)]
mod tests {
    use super::super::SecretKey;
    use super::*;
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    /// Keeps a key of the algorithm, and may be broken.
    struct Kept(Algorithm, bool);

    impl Kept {
        fn seed(&self) -> [u8; 48] {
            [7; 48]
        }
    }

    impl Keeper for Kept {
        fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
            let mut raw = match self.0 {
                Algorithm::Ed25519 => SecretKey::from_seed(self.0, &self.seed()[..32]).ok()?.sign(input).ok()?,
                Algorithm::P256 => {
                    let key = p256::ecdsa::SigningKey::from_slice(&self.seed()[..32]).ok()?;
                    let signature: p256::ecdsa::Signature = key.sign_prehash(input).ok()?;
                    signature.to_bytes().to_vec()
                }
                Algorithm::P384 => {
                    let key = p384::ecdsa::SigningKey::from_slice(&self.seed()).ok()?;
                    let signature: p384::ecdsa::Signature = key.sign_prehash(input).ok()?;
                    signature.to_bytes().to_vec()
                }
            };
            raw[40] ^= u8::from(self.1);
            Some(raw)
        }
    }

    #[test]
    fn a_key_kept_elsewhere_signs_as_its_file_would_and_a_wrong_signature_goes_nowhere() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384] {
            let seed = &[7; 48][..algorithm.secret_bytes()];
            let file = SecretKey::from_seed(algorithm, seed).unwrap();
            let public = file.public().unwrap();
            let kept = |broken| SecretKey::kept_elsewhere(public.clone(), Box::new(Kept(algorithm, broken)));
            assert_eq!(kept(false).sign(b"message"), file.sign(b"message"));
            assert_eq!(kept(true).sign(b"message"), Err(KeyError::NotSigned));
            assert_eq!(kept(false).to_pem().unwrap_err(), KeyError::Elsewhere);
            assert_eq!(kept(false).public().unwrap(), public);
        }
    }

    #[test]
    fn a_point_is_the_key_that_it_is_and_no_other() {
        for (algorithm, length) in [(Algorithm::Ed25519, 32), (Algorithm::P256, 65), (Algorithm::P384, 97)] {
            let seed = &[7; 48][..algorithm.secret_bytes()];
            let public = SecretKey::from_seed(algorithm, seed).unwrap().public().unwrap();
            let spki = public.spki();
            let point = &spki[spki.len() - length..];
            assert_eq!(PublicKey::from_point(algorithm, point).unwrap(), public);
            assert_eq!(PublicKey::from_point(algorithm, &point[1..]).unwrap_err(), KeyError::Unsupported);
            assert_eq!(PublicKey::from_point(algorithm, &[]).unwrap_err(), KeyError::Unsupported);
        }
    }
}
