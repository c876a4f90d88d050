//! The signature of a message, as Standard Webhooks have it: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// How a secret begins that is written in base64.
const PREFIX: &str = "whsec_";

/// The bytes of a secret: base64 behind `whsec_`, as it is otherwise.
fn key(secret: &str) -> Result<Vec<u8>, String> {
    match secret.strip_prefix(PREFIX) {
        Some(coded) => {
            STANDARD.decode(coded).map_err(|_| format!("what stands behind {PREFIX} is no base64"))
        }
        None => Ok(secret.as_bytes().to_vec()),
    }
}

/// The value of `webhook-signature`.
///
/// # Errors
/// When the secret cannot be one.
pub(super) fn signature(secret: &str, id: &str, unix_seconds: u64, body: &[u8]) -> Result<String, String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key(secret)?);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{id}.{unix_seconds}.").as_bytes());
    context.update(body);
    Ok(format!("v1,{}", STANDARD.encode(context.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_comes_out() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let signed = signature(secret, id, 1_614_265_330, body).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_without_the_prefix_is_taken_as_it_is() {
        let (a, b) = (signature("abc", "1", 2, b"x").unwrap(), signature("abd", "1", 2, b"x").unwrap());
        assert_ne!(a, b);
        assert!(signature("whsec_?", "1", 2, b"x").is_err());
    }
}
