//! Keys in tokens, by PKCS #11: the token signs, and the key never leaves it.
use super::place::Token;
use crate::exit::{CliError, shown};
use crate::ui::Ui;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use sekisho_attest::{Algorithm, Keeper, PublicKey, SecretKey};
use sekisho_events::escape;
use std::sync::Mutex;

/// `CKA_EC_PARAMS` of the curves (RFC 5480, RFC 8410; PKCS #11 3.0 also has the name of edwards25519 in place of its OID).
const CURVES: [(&[u8], KeyType, Algorithm); 4] = [
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", KeyType::EC, Algorithm::P256),
    (b"\x06\x05\x2b\x81\x04\x00\x22", KeyType::EC, Algorithm::P384),
    (b"\x06\x03\x2b\x65\x70", KeyType::EC_EDWARDS, Algorithm::Ed25519),
    (b"\x13\x0cedwards25519", KeyType::EC_EDWARDS, Algorithm::Ed25519),
];

/// A session in which the key can be used.
struct Kept {
    session: Mutex<Session>,
    key: ObjectHandle,
    algorithm: Algorithm,
}

impl Keeper for Kept {
    fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        let mechanism = match self.algorithm {
            Algorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
            Algorithm::P256 | Algorithm::P384 => Mechanism::Ecdsa,
        };
        self.session.lock().ok()?.sign(&mechanism, self.key, input).ok()
    }
}

/// The key that is named, after it has signed something.
pub fn open(place: &Token, pin: &str, ui: &Ui) -> Result<SecretKey, CliError> {
    let failed = |what: &str| {
        let (what, module) = (what.to_owned(), shown(&place.module));
        move |e: Error| CliError::new(format!("{what} by {module}: {}", escape(e.to_string().as_bytes())))
    };
    let module = Pkcs11::new(&place.module).map_err(failed("no token can be used"))?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(failed("no token can be used"))?;
    let slot = slot(&module, place)?;
    let session = module.open_ro_session(slot).map_err(failed("the token cannot be opened"))?;
    session.login(UserType::User, Some(&AuthPin::new(pin.into()))).map_err(|e| {
        failed("the token does not take this PIN")(e).with_hint("after a few wrong ones most tokens lock themselves")
    })?;
    let (key, public) = find(&session, place, ui).map_err(|e| match e {
        Found::Failed(e) => failed("the key cannot be found")(e),
        Found::Wrong(why) => {
            CliError::new(format!("{why} in the token")).with_hint("`pkcs11-tool --list-objects` lists what there is")
        }
    })?;
    let algorithm = public.algorithm();
    let key = SecretKey::kept_elsewhere(public, Box::new(Kept { session: Mutex::new(session), key, algorithm }));
    key.sign(b"sekisho").map_err(|e| CliError::new(format!("the key in the token: {e}")))?;
    Ok(key)
}

/// The one token that is meant.
fn slot(module: &Pkcs11, place: &Token) -> Result<Slot, CliError> {
    let all = module.get_slots_with_initialized_token().unwrap_or_default();
    let labelled = |slot: &&Slot| match &place.label {
        None => true,
        Some(label) => module.get_token_info(**slot).is_ok_and(|info| info.label().trim_end() == label),
    };
    let found: Vec<&Slot> = all.iter().filter(labelled).collect();
    if let [one] = found[..] {
        return Ok(*one);
    }
    let label = place.label.as_ref().map_or_else(String::new, |l| format!(" with label {}", escape(l.as_bytes())));
    Err(CliError::new(format!("{} tokens{label}, where one is meant", found.len()))
        .with_hint("`pkcs11-tool --list-token-slots` lists them; token=LABEL names one"))
}

/// Why there is no key.
enum Found {
    Failed(Error),
    Wrong(String),
}

impl From<Error> for Found {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The one private key that is meant, and its public half.
fn find(session: &Session, place: &Token, ui: &Ui) -> Result<(ObjectHandle, PublicKey), Found> {
    let mut named = Vec::new();
    named.extend(place.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    named.extend(place.id.clone().map(Attribute::Id));
    let one = |class: ObjectClass, named: &[Attribute]| {
        let wanted = [&[Attribute::Class(class)], named].concat();
        match session.find_objects(&wanted)?[..] {
            [one] => Ok(one),
            ref found => Err(Found::Wrong(format!(
                "{} objects of class {class} with this name, where one is meant",
                found.len()
            ))),
        }
    };
    let key = one(ObjectClass::PRIVATE_KEY, &named)?;
    let mut same = Vec::new();
    for attribute in session.get_attributes(key, &[AttributeType::Id, AttributeType::Extractable])? {
        match attribute {
            Attribute::Id(id) if !id.is_empty() => same = vec![Attribute::Id(id)],
            Attribute::Extractable(true) => ui.warn("the token would give the key away: it is marked as extractable"),
            _ => {}
        }
    }
    let public = one(ObjectClass::PUBLIC_KEY, if same.is_empty() { &named } else { &same })?;
    let (mut kind, mut curve, mut point) = (None, Vec::new(), Vec::new());
    for attribute in
        session.get_attributes(public, &[AttributeType::KeyType, AttributeType::EcParams, AttributeType::EcPoint])?
    {
        match attribute {
            Attribute::KeyType(found) => kind = Some(found),
            Attribute::EcParams(found) => curve = found,
            Attribute::EcPoint(found) => point = found,
            _ => {}
        }
    }
    let algorithm =
        CURVES.iter().find(|(oid, of, _)| *oid == curve && kind == Some(*of)).map(|(_, _, algorithm)| *algorithm);
    let key_of = |algorithm| PublicKey::from_point(algorithm, octets(&point)).ok();
    let public = algorithm.and_then(key_of).ok_or_else(|| {
        Found::Wrong("the key is neither of Ed25519 nor of P-256 nor of P-384, or has no public half".to_owned())
    })?;
    Ok((key, public))
}

/// What an OCTET STRING of less than 128 bytes holds (X.690, 8.7); of what is none, all: some tokens leave it out.
fn octets(der: &[u8]) -> &[u8] {
    match der {
        [0x04, length, rest @ ..] if usize::from(*length) == rest.len() => rest,
        _ => der,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_taken_out_of_its_octet_string() {
        assert_eq!(octets(&[4, 2, 7, 8]), [7, 8]);
        // A point of P-256 in itself begins with 4 too.
        let point = [&[4][..], &[65; 64]].concat();
        assert_eq!(octets(&point), point);
        assert_eq!(octets(&[4]), [4]);
        assert_eq!(octets(&[]), [0; 0]);
    }
}
