//! ULIDs: 48 bits of time and 80 others in 26 characters of Crockford's base 32 (<https://github.com/ulid/spec>).

use beckon_core::{Function, Millis};

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new one.
pub(super) fn new(now: Millis) -> String {
    write(now, rand::random::<u128>())
}

/// The one that stands for a function that was not made by a client of Spaces: of its own id and of when it was made, so
/// that it stays the same over versions.
pub(super) fn of_function(function: &Function) -> String {
    write(
        function.created,
        u128::from_str_radix(&function.id, 16).unwrap_or_default(),
    )
}

fn write(at: Millis, rest: u128) -> String {
    let time = u128::from(at.unsigned_abs() & 0xffff_ffff_ffff) << 80;
    let bits = time | (rest & ((1 << 80) - 1));
    (0..26)
        .rev()
        .map(|place| char::from(DIGITS[((bits >> (5 * place)) & 31) as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_the_specification_has_it() {
        // The specification's own example: 1469918176385 is 01ARYZ6S41.
        assert!(write(1_469_918_176_385, 0).starts_with("01ARYZ6S41"));
        assert_eq!(write(1_469_918_176_385, 31), "01ARYZ6S41000000000000000Z");
        assert_ne!(new(1), new(1));
        assert!(new(1) < new(2));
    }
}
