//! Named tensors in one safetensors file, which PyTorch, JAX and NumPy read.

use crate::files::{cannot, read_if_there, write};
use crate::run::trace::{NamedTensor, Values};
use crate::sweep::SweepError;
use safetensors::{Dtype, SafeTensors, View, serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

impl View for &NamedTensor {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
            Values::I64(_) => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(match &self.values {
            Values::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::F64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::I64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        })
    }

    fn data_len(&self) -> usize {
        match &self.values {
            Values::F32(values) => 4 * values.len(),
            Values::F64(values) => 8 * values.len(),
            Values::I64(values) => 8 * values.len(),
        }
    }
}

/// What the metadata of every file say, so that none is taken for a file of somebody else.
const PROGRAM: &str = "program";

/// Makes sure that a file to be written is new, or replaces one that this program wrote: neither an experiment that was named by
/// mistake nor the weights of another program.
///
/// # Errors
/// When another file stands there.
pub fn refuse_other(path: &Path) -> Result<(), SweepError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(()) };
    let texts = SafeTensors::read_metadata(&bytes).ok().and_then(|(_, header)| header.metadata().clone());
    let is_own = |program: &String| program.starts_with(env!("CARGO_PKG_NAME"));
    match texts.and_then(|texts| texts.get(PROGRAM).map(is_own)) {
        Some(true) => Ok(()),
        _ => Err(SweepError::NoTensors(path.to_path_buf())),
    }
}

/// Writes them with some texts as the file's metadata.
///
/// # Errors
/// When the file cannot be written.
pub fn write_tensors(
    path: &Path,
    tensors: &[NamedTensor],
    metadata: HashMap<String, String>,
) -> Result<(), SweepError> {
    let named = tensors.iter().map(|tensor| (&tensor.name, tensor));
    let bytes = serialize(named, Some(metadata)).map_err(|e| cannot("write", path, e))?;
    Ok(write(path, &bytes)?)
}
