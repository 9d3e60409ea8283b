//! JSON Web Tokens in their compact form, signed with RS256 or ES256.
//!
//! Source: RFC 7515 (JWS), RFC 7518 (its algorithms), RFC 7519 (JWT).

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::Signature;
use serde_json::{Map, Value, json};

use super::key_pair::{KeyPair, ToSign};
use super::key_spec::{KeySpec, SigningAlgorithm};
use crate::base::Entropy;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum JwtAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl JwtAlgorithm {
    /// Its name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The kind of key that signs with it.
    pub fn key_spec(self) -> KeySpec {
        match self {
            Self::Rs256 => KeySpec::RSA_2048,
            Self::Es256 => KeySpec::ECC_NIST_P256,
        }
    }

    fn signing(self) -> SigningAlgorithm {
        match self {
            Self::Rs256 => SigningAlgorithm::RSASSA_PKCS1_V1_5_SHA_256,
            Self::Es256 => SigningAlgorithm::ECDSA_SHA_256,
        }
    }

    /// The signature as tokens carry it: of ECDSA the two numbers, not their DER.
    fn to_token(self, signature: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rs256 => Some(signature.to_vec()),
            Self::Es256 => Some(Signature::from_der(signature).ok()?.to_bytes().to_vec()),
        }
    }

    fn of_token(self, signature: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rs256 => Some(signature.to_vec()),
            Self::Es256 => {
                let signature = Signature::from_slice(signature).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}

impl FromStr for JwtAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            _ => Err(format!(
                "`{text}` is not an algorithm of the lab's tokens: use RS256 or ES256"
            )),
        }
    }
}

/// A token taken apart, whose signature nobody has checked yet.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// What the header says of the algorithm.
    pub algorithm: String,
    /// Which of the issuer's keys signed.
    pub key_id: Option<String>,
    /// What it claims.
    pub claims: Map<String, Value>,
    signed: Box<str>,
    signature: Vec<u8>,
}

impl Jwt {
    /// Takes `token` apart; `None` if it is not three parts of base64url with
    /// JSON objects in the first two.
    pub fn parse(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = object(header)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            algorithm: text("alg")?,
            key_id: text("kid"),
            claims: object(claims)?,
            signed: signed.into(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// Whether `pair` signed it with `algorithm`, which the header has to name too.
    pub fn is_signed_by(&self, pair: &KeyPair, algorithm: JwtAlgorithm) -> bool {
        if self.algorithm != algorithm.name() {
            return false;
        }
        let message = ToSign::Raw(self.signed.as_bytes());
        algorithm
            .of_token(&self.signature)
            .is_some_and(|signature| pair.verify(algorithm.signing(), message, &signature))
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// A token with `claims`, signed by the key `key_id`; `None` if `pair` is of another kind.
pub fn sign(
    claims: &Map<String, Value>,
    key_id: &str,
    algorithm: JwtAlgorithm,
    pair: &KeyPair,
    entropy: &mut Entropy,
) -> Option<String> {
    let header = json!({ "typ": "JWT", "alg": algorithm.name(), "kid": key_id });
    let claims = serde_json::to_vec(claims).ok()?;
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let message = ToSign::Raw(signed.as_bytes());
    let signature = pair.sign(algorithm.signing(), message, entropy)?;
    let signature = URL_SAFE_NO_PAD.encode(algorithm.to_token(&signature)?);
    Some(format!("{signed}.{signature}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The claims come back, and only an untouched token has its signature.
    #[test]
    fn a_token_is_signed_and_a_changed_one_is_not() {
        for algorithm in [JwtAlgorithm::Rs256, JwtAlgorithm::Es256] {
            let mut entropy = Entropy::simulated(1);
            let pair = KeyPair::generate(algorithm.key_spec(), &mut entropy).unwrap();
            let claims = Map::from_iter([("sub".to_owned(), json!("me"))]);
            let token = sign(&claims, "k1", algorithm, &pair, &mut entropy).unwrap();
            let parsed = Jwt::parse(&token).unwrap();
            assert_eq!(parsed.claims, claims);
            assert!(parsed.is_signed_by(&pair, algorithm));
            let (header, rest) = token.split_once('.').unwrap();
            let (_, signature) = rest.split_once('.').unwrap();
            let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "you" }).to_string());
            let forged = Jwt::parse(&format!("{header}.{other}.{signature}")).unwrap();
            assert!(!forged.is_signed_by(&pair, algorithm));
        }
    }

    /// The signature and the public key of RFC 7515, appendix A.3, are not ours to
    /// sign with, but its token has to come apart.
    #[test]
    fn the_token_of_rfc_7515_comes_apart() {
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let parsed = Jwt::parse(token).unwrap();
        assert_eq!(parsed.algorithm, "ES256");
        assert_eq!(parsed.claims["iss"], "joe");
        assert!(Jwt::parse("one.two").is_none());
    }
}
