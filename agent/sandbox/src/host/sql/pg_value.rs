//! PostgreSQL's binary values as the contract's.
//!
//! What has no word in the contract is not guessed at: the column is named, and a cast to text helps.

use sqlx::ValueRef as _;
use sqlx::postgres::{PgTypeInfo, PgValueFormat, PgValueRef};

use crate::bindings::tidelock::check::sql::Value;

/// Days from 1970-01-01 to PostgreSQL's epoch, 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
const DAY_MICROS: i64 = 86_400_000_000;

/// Reads one cell.
pub(super) fn read(raw: PgValueRef<'_>, kind: &PgTypeInfo) -> Result<Value, String> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let oid = kind.oid().map_or(0, |oid| oid.0);
    let text_format = raw.format() == PgValueFormat::Text;
    let bytes = raw.as_bytes().map_err(|error| error.to_string())?;
    if text_format {
        return text(bytes).map(Value::Text);
    }
    decode(oid, bytes).unwrap_or_else(|| Err(format!("type {kind} has no value here; cast it to text")))
}

/// `None` for a type that is not known here.
fn decode(oid: u32, bytes: &[u8]) -> Option<Result<Value, String>> {
    let value = match oid {
        16 => fixed::<1>(bytes).map(|b| Value::Boolean(b[0] != 0)),
        17 => Ok(Value::Bytes(bytes.to_vec())),
        18 => Ok(Value::Text(bytes.iter().map(|b| char::from(*b)).collect())),
        20 => fixed(bytes).map(|b| Value::Integer(i64::from_be_bytes(b))),
        21 => fixed(bytes).map(|b| Value::Integer(i64::from(i16::from_be_bytes(b)))),
        23 => fixed(bytes).map(|b| Value::Integer(i64::from(i32::from_be_bytes(b)))),
        26 | 28 => fixed(bytes).map(|b| Value::Integer(i64::from(u32::from_be_bytes(b)))),
        19 | 25 | 114 | 705 | 1042 | 1043 => text(bytes).map(Value::Text),
        700 => fixed(bytes).map(|b| Value::Float(f64::from(f32::from_be_bytes(b)))),
        701 => fixed(bytes).map(|b| Value::Float(f64::from_be_bytes(b))),
        1082 => fixed(bytes).map(|b| Value::Text(date(i32::from_be_bytes(b)))),
        1114 => fixed(bytes).map(|b| Value::Text(timestamp(i64::from_be_bytes(b), ""))),
        1184 => fixed(bytes).map(|b| Value::Text(timestamp(i64::from_be_bytes(b), "Z"))),
        1700 => numeric(bytes).map(Value::Text),
        2278 => Ok(Value::Null),
        2950 => fixed(bytes).map(|b| Value::Text(uuid(b))),
        3220 => fixed(bytes).map(|b| Value::Text(lsn(u64::from_be_bytes(b)))),
        3802 => jsonb(bytes).map(Value::Text),
        _ => return None,
    };
    Some(value)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("the server sent {} bytes where {N} belong", bytes.len()))
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "the server sent text that is no UTF-8".to_owned())
}

fn jsonb(bytes: &[u8]) -> Result<String, String> {
    match bytes.split_first() {
        Some((1, json)) => text(json),
        _ => Err("the server sent jsonb of an unknown version".to_owned()),
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let hex = crate::cache::hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn lsn(position: u64) -> String {
    format!("{:X}/{:X}", position >> 32, position & 0xffff_ffff)
}

fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => civil(i64::from(days) + EPOCH_DAYS),
    }
}

fn timestamp(micros: i64, zone: &str) -> String {
    match micros {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (days, rest) = (micros.div_euclid(DAY_MICROS), micros.rem_euclid(DAY_MICROS));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{}T{clock}{fraction}{zone}", civil(days + EPOCH_DAYS))
}

/// The date of a day counted from 1970-01-01, in the calendar that is used today.
fn civil(days: i64) -> String {
    // Years are counted from March, so that the leap day is the last one; 400 years repeat.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{in_month:02}", era * 400 + year + carry)
}

/// A numeric is a list of digits to the base 10000 with a weight, a sign and a scale.
fn numeric(bytes: &[u8]) -> Result<String, String> {
    let short = |at: usize| -> Result<i16, String> {
        let pair = bytes.get(at..at + 2).ok_or("the server sent a numeric that is cut off")?;
        Ok(i16::from_be_bytes([pair[0], pair[1]]))
    };
    let (count, weight, sign, scale) = (short(0)?, short(2)?, short(4)? as u16, short(6)?);
    match sign {
        0xc000 => return Ok("NaN".to_owned()),
        0xd000 => return Ok("Infinity".to_owned()),
        0xf000 => return Ok("-Infinity".to_owned()),
        _ => {}
    }
    let group = |n: i32| -> Result<i16, String> {
        match usize::try_from(n) {
            Ok(at) if n < i32::from(count) => short(8 + 2 * at),
            _ => Ok(0),
        }
    };
    let mut whole = String::new();
    for n in 0..=i32::from(weight) {
        whole.push_str(&format!("{:04}", group(n)?));
    }
    let whole = whole.trim_start_matches('0');
    let scale = usize::try_from(scale).unwrap_or(0);
    let mut fraction = String::new();
    let mut n = i32::from(weight) + 1;
    while fraction.len() < scale {
        fraction.push_str(&if n < 0 { "0000".to_owned() } else { format!("{:04}", group(n)?) });
        n += 1;
    }
    fraction.truncate(scale);
    let minus = if sign == 0x4000 { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if fraction.is_empty() { format!("{minus}{whole}") } else { format!("{minus}{whole}.{fraction}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &[i16], weight: i16, sign: u16, scale: i16) -> String {
        let mut bytes = Vec::new();
        let count = i16::try_from(digits.len()).unwrap();
        for short in [count, weight, sign as i16, scale].iter().chain(digits) {
            bytes.extend_from_slice(&short.to_be_bytes());
        }
        numeric(&bytes).unwrap()
    }

    #[test]
    fn numerics_are_written_out() {
        assert_eq!(number(&[], 0, 0, 0), "0");
        assert_eq!(number(&[], 0, 0, 2), "0.00");
        assert_eq!(number(&[1, 2345, 6700], 1, 0, 2), "12345.67");
        assert_eq!(number(&[42], 0, 0x4000, 0), "-42");
        assert_eq!(number(&[1], 2, 0, 0), "100000000");
        assert_eq!(number(&[1], -1, 0, 4), "0.0001");
        assert_eq!(number(&[5000], -2, 0, 5), "0.00005");
        assert_eq!(number(&[], 0, 0xc000, 0), "NaN");
        assert!(numeric(&[0, 9, 0, 0]).is_err());
        assert!(numeric(&[0, 9, 0, 0, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(timestamp(0, "Z"), "2000-01-01T00:00:00Z");
        assert_eq!(timestamp(-1, "Z"), "1999-12-31T23:59:59.999999Z");
        assert_eq!(timestamp(762_523_505_000_000, ""), "2024-02-29T12:05:05");
        assert_eq!(timestamp(i64::MAX, "Z"), "infinity");
        assert_eq!(date(-10_957), "1970-01-01");
        assert_eq!(date(8_825), "2024-02-29");
    }

    #[test]
    fn an_unknown_type_is_not_guessed_at() {
        assert_eq!(decode(1186, &[0; 16]), None);
        assert_eq!(decode(23, &[0, 0, 0, 7]), Some(Ok(Value::Integer(7))));
        assert!(decode(23, &[0]).unwrap().is_err());
        assert_eq!(decode(3220, &[0, 0, 0, 1, 0, 0, 0xab, 0]), Some(Ok(Value::Text("1/AB00".into()))));
    }
}
