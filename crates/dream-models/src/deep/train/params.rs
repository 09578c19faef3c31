use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::init::NormalOrUniform;
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use crate::Result;
use crate::deep::kernels::rounded;
use crate::random::SplitMix64;

/// Named variables of a network that is trained.
///
/// Like candle's `VarMap`, with what that lacks: the order is that of the names, and first values follow from a seed,
/// the name and the shape alone, so the same seed gives the same network on every machine and in any order of building.
/// Clones share the variables.
///
/// ```
/// use dream_models::deep::train::Params;
/// use dream_models::deep::candle_core::{DType, Device};
///
/// let params = Params::seeded(7, DType::F32, &Device::Cpu);
/// let layer = dream_models::deep::candle_nn::linear(3, 2, params.builder().pp("head"))?;
/// let names: Vec<String> = params.named().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["head.bias", "head.weight"]);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Params {
    vars: Arc<Mutex<BTreeMap<String, Var>>>,
    /// `None`: a name that is not there is an error.
    seed: Option<u64>,
    dtype: DType,
    device: Device,
}

impl Params {
    /// No variables yet: a network that is built on them draws its first values from `seed`.
    #[must_use]
    pub fn seeded(seed: u64, dtype: DType, device: &Device) -> Self {
        Self { vars: Arc::default(), seed: Some(seed), dtype, device: device.clone() }
    }

    /// Variables with these first values. A network that asks for another name is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) when a tensor cannot be converted or moved.
    pub fn from_tensors(tensors: &BTreeMap<String, Tensor>, dtype: DType, device: &Device) -> Result<Self> {
        let var = |(name, tensor): (&String, &Tensor)| {
            let tensor = tensor.to_dtype(dtype)?.to_device(device)?;
            Ok((name.clone(), Var::from_tensor(&tensor)?))
        };
        let vars = tensors.iter().map(var).collect::<Result<BTreeMap<_, _>>>()?;
        Ok(Self { vars: Arc::new(Mutex::new(vars)), seed: None, dtype, device: device.clone() })
    }

    /// Adds variables with these first values, or replaces those of the same name: a network that starts from
    /// published weights in one part and from a seed in another. Call it before the network is built.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) when a tensor cannot be converted or moved.
    pub fn insert(&self, prefix: &str, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let added = Self::from_tensors(tensors, self.dtype, &self.device)?;
        let mut vars = self.lock();
        for (name, var) in added.named() {
            vars.insert(if prefix.is_empty() { name } else { format!("{prefix}.{name}") }, var);
        }
        Ok(())
    }

    /// What networks are built on.
    #[must_use]
    pub fn builder(&self) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), self.dtype, self.device.clone())
    }

    /// The variables in the order of their names.
    #[must_use]
    pub fn named(&self) -> Vec<(String, Var)> {
        self.lock().iter().map(|(name, var)| (name.clone(), var.clone())).collect()
    }

    /// Copies of their present values, which later steps do not change: to be written, or loaded elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) when there is no memory left.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        // Without the copy they would share the memory that an optimiser writes to.
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.as_tensor().copy()?.detach()));
        self.lock().iter().map(copy).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Var>> {
        // The map is whole at any moment, so what a panic elsewhere left is good.
        self.vars.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl SimpleBackend for Params {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let mut vars = self.lock();
        if let Some(var) = vars.get(name) {
            if var.shape() != &shape {
                candle_core::bail!("`{name}` has the shape {:?} instead of {shape:?}", var.shape());
            }
            if var.dtype() != dtype {
                let found = var.dtype();
                candle_core::bail!("`{name}` is {found:?} instead of {dtype:?}: train in single precision");
            }
            return Ok(var.as_tensor().clone());
        }
        let Some(seed) = self.seed else {
            candle_core::bail!("there is no tensor `{name}` of shape {shape:?}");
        };
        let var = Var::from_tensor(&first_values(seed, name, &shape, init).to_tensor(shape, dtype, device)?)?;
        let tensor = var.as_tensor().clone();
        vars.insert(name.to_owned(), var);
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        match self.lock().get(name) {
            Some(var) => Ok(var.as_tensor().clone()),
            None => candle_core::bail!("there is no tensor `{name}`"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.lock().contains_key(name)
    }
}

enum Values {
    Same(f64),
    Drawn(Vec<f32>),
}

impl Values {
    fn to_tensor(&self, shape: Shape, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        match self {
            // On the host: Metal has no f64.
            Self::Same(value) => {
                Tensor::full(*value, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
            }
            Self::Drawn(values) => Tensor::from_slice(values, shape, device)?.to_dtype(dtype),
        }
    }
}

fn first_values(seed: u64, name: &str, shape: &Shape, init: Init) -> Values {
    // FNV-1a: the stream belongs to the name, whatever was built before.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = SplitMix64::stream(seed, hash);
    let count = shape.elem_count();
    let mut normal =
        |mean: f64, stdev: f64| (0..count).map(|_| rounded(mean + stdev * gauss(&mut random))).collect();
    match init {
        Init::Const(value) => Values::Same(value),
        Init::Randn { mean, stdev } => Values::Drawn(normal(mean, stdev)),
        Init::Uniform { lo, up } => {
            let value = |_| rounded(lo + (up - lo) * (random.signed_unit() + 1.0) / 2.0);
            Values::Drawn((0..count).map(value).collect())
        }
        Init::Kaiming { dist, fan, non_linearity } => {
            let stdev = non_linearity.gain() / (fan.for_shape(shape) as f64).sqrt();
            Values::Drawn(match dist {
                NormalOrUniform::Normal => normal(0.0, stdev),
                NormalOrUniform::Uniform => {
                    let bound = 3f64.sqrt() * stdev;
                    (0..count).map(|_| rounded(bound * random.signed_unit())).collect()
                }
            })
        }
    }
}

/// Box and Muller, through `libm` for the same digits everywhere.
fn gauss(random: &mut SplitMix64) -> f64 {
    let open = 1.0 - (random.signed_unit() + 1.0) / 2.0;
    let angle = std::f64::consts::PI * random.signed_unit();
    (-2.0 * libm::log(open)).sqrt() * libm::cos(angle)
}
