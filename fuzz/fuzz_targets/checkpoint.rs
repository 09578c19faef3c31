//! Any bytes as a safetensors file and as a checkpoint's JSON give an error, or tensors of the sizes in the header.
#![no_main]

use dream_models::deep::candle_core::Device;
use dream_models::deep::checkpoint::{Checkpoint, TensorFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(kind) = Checkpoint::check_json(data) {
        assert!(data.len() > kind.len());
    }
    let Ok(file) = TensorFile::from_bytes(data.to_vec()) else { return };
    for (name, shape) in file.shapes() {
        if let Ok(tensor) = file.read(name, &Device::Cpu) {
            assert_eq!(tensor.dims(), shape);
            assert!(tensor.elem_count() * tensor.dtype().size_in_bytes() <= data.len());
        }
    }
});
