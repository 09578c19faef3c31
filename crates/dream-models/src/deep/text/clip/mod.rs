//! The text encoder of CLIP and its tokenizer.

mod config;
mod names;
mod tokenizer;
mod tower;
mod vocabulary;
mod words;

pub use crate::deep::layers::Activation;
pub use config::Config;
pub use names::from_openai;
pub(crate) use names::{is_of_other_parts, sizes};
pub use tokenizer::{Padding, Tokenizer, Tokens};
pub use tower::TextTower;
pub use words::{Word, WordKind};
