//! How raw bodies are stored: zstd when that is smaller, with the hash that tells equal ones apart.

use std::cell::RefCell;

use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};

use crate::StoreError;

/// Below this many bytes compression saves nothing worth its time.
const WORTH_COMPRESSING_BYTES: usize = 256;

/// A body as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub bytes: Vec<u8>,
    /// 0 as it came, 1 zstd: the column `body_encoding`.
    pub encoding: i16,
    /// Length before compression.
    pub length: i32,
    /// First 16 bytes of the SHA-256 of the body as it came.
    pub hash: [u8; 16],
}

thread_local! {
    // Setting up a compressor costs more than compressing a usual body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(1).ok());
}

/// Packs a body. Pure computation, about 2 µs a kilobyte: done by the handler's thread, not the writer's.
pub fn pack(body: &[u8]) -> Packed {
    let compressed = if body.len() < WORTH_COMPRESSING_BYTES {
        None
    } else {
        COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(body).ok())
    };
    let length = i32::try_from(body.len()).unwrap_or(i32::MAX);
    match compressed.filter(|bytes| bytes.len() < body.len()) {
        Some(bytes) => Packed { bytes, encoding: 1, length, hash: hash16(&[body]) },
        None => Packed { bytes: body.to_vec(), encoding: 0, length, hash: hash16(&[body]) },
    }
}

/// The body as it came.
pub fn unpack(bytes: Vec<u8>, encoding: i16, length: i32) -> Result<Vec<u8>, StoreError> {
    let length = usize::try_from(length).map_err(|_| StoreError::Corrupt("a body of negative length".into()))?;
    match encoding {
        0 => Ok(bytes),
        1 => Decompressor::new()
            .and_then(|mut zstd| zstd.decompress(&bytes, length))
            .map_err(|error| StoreError::Corrupt(format!("a body that does not decompress: {error}"))),
        other => Err(StoreError::Corrupt(format!("a body of unknown encoding {other}"))),
    }
}

/// The ledger's hash of a delivery key.
pub fn key_hash(source: &str, key: &str) -> [u8; 16] {
    hash16(&[source.as_bytes(), &[0], key.as_bytes()])
}

/// First 16 bytes of the SHA-256 of the parts in a row.
pub fn hash16(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_byte_for_byte() {
        for body in [Vec::new(), b"{}".to_vec(), vec![b'x'; 10_000], (0..=255u8).cycle().take(3000).collect()] {
            let packed = pack(&body);
            assert!(packed.bytes.len() <= body.len());
            assert_eq!(unpack(packed.bytes, packed.encoding, packed.length).expect("unpacks"), body);
        }
    }

    #[test]
    fn damaged_bodies_are_errors_and_not_panics() {
        assert!(unpack(vec![1, 2, 3], 1, 10).is_err());
        assert!(unpack(vec![], 7, 0).is_err());
        assert!(unpack(vec![], 1, -1).is_err());
    }
}
