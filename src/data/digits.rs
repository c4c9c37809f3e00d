//! The UCI handwritten digits (test part): 1797 images of 8 x 8, ten classes, embedded in the program. See NOTICE.

use super::dataset::Targets;
use super::error::DataError;
use super::raw::Raw;
use super::{file, idx};

const IMAGES: &[u8] = include_bytes!("files/digits-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("files/digits-labels-idx1-ubyte.gz");

/// Pixel values 0..16, in the order of the source.
pub(super) fn raw() -> Result<Raw, DataError> {
    let unpack = |name: &str, bytes: &[u8]| file::unpack(name, bytes.to_vec(), file::IDX_LIMIT);
    let images = idx::parse("embedded digits images", &unpack("embedded digits images", IMAGES)?)?;
    let labels = idx::parse("embedded digits labels", &unpack("embedded digits labels", LABELS)?)?;
    let targets = Targets::Classes { labels: labels.numbers.iter().map(|v| *v as u32).collect(), count: 10 };
    let features = images.shape[1..].iter().product();
    Ok(Raw { most: Some(16.0), ..Raw::new("digits", features, images.numbers, targets) })
}
