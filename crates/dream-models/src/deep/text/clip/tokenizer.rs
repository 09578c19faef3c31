use std::path::Path;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Lowercase, NFC, NormalizerWrapper, Replace, Sequence};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use super::vocabulary::{self, END_OF_WORD, Vocabulary};
use crate::{Error, Result};

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// What a batch of texts is padded to. The tower gives the same for either; shorter is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The longest text of the batch.
    #[default]
    Longest,
    /// The whole context, as CLIP's own programs do.
    Context,
}

/// Texts to CLIP's token ids: byte-level pairs, lower case, with a start and an end token.
///
/// Gives the ids of the Hugging Face tokenizer. OpenAI's original also repairs broken Unicode and HTML entities first,
/// so curly quotes or `&amp;` differ there; plain English does not. [`Tokenizer::clip`] has the vocabulary built in.
///
/// ```
/// use dream_models::deep::text::clip::Tokenizer;
///
/// let tokenizer = Tokenizer::clip()?;
/// let tokens = tokenizer.encode_batch(&["The eyes look stiff; eyebrows have ghosting."])?;
/// assert_eq!(tokens.rows()[0][..5], [49406, 518, 3095, 1012, 21441]);
/// assert_eq!(tokens.truncated(), 0);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL 2016; vocabulary of
/// OpenAI CLIP (MIT, see `assets/NOTICE.md`).
#[doc(alias("bpe", "SimpleTokenizer"))]
#[derive(Debug, Clone)]
pub struct Tokenizer {
    pub(super) inner: tokenizers::Tokenizer,
    start: u32,
    pub(super) end: u32,
    pub(super) context: usize,
    padding: Padding,
}

/// Token ids of a batch of texts, all of one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    rows: Vec<Vec<u32>>,
    lengths: Vec<usize>,
    truncated: usize,
}

impl Tokens {
    /// The ids of each text, padded with the end token.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// Ids of each text without padding, start and end counted.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// How many texts were cut because they did not fit into the context.
    #[must_use]
    pub fn truncated(&self) -> usize {
        self.truncated
    }

    /// The ids of each text without padding.
    pub fn unpadded(&self) -> impl Iterator<Item = &[u32]> {
        self.rows.iter().zip(&self.lengths).filter_map(|(row, &length)| row.get(..length))
    }

    /// Texts of any lengths, from whatever batches, as one tensor `[texts, tokens]`. The shorter ones repeat their last
    /// token: the first end token is what the tower looks at, so more of them change nothing.
    ///
    /// ```
    /// use dream_models::deep::candle_core::Device;
    /// use dream_models::deep::text::clip::Tokens;
    ///
    /// let ids = Tokens::stack(&[&[1, 5, 9][..], &[1, 9]], &Device::Cpu)?;
    /// assert_eq!(ids.to_vec2::<u32>()?, [[1, 5, 9], [1, 9, 9]]);
    /// # Ok::<(), dream_models::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] when the device has no memory left.
    pub fn stack(texts: &[impl AsRef<[u32]>], device: &Device) -> Result<Tensor> {
        let width = texts.iter().map(|text| text.as_ref().len()).max().unwrap_or(0);
        let padded = |text: &[u32]| {
            let end = text.last().copied().unwrap_or(0);
            text.iter().copied().chain(std::iter::repeat(end)).take(width).collect::<Vec<u32>>()
        };
        let ids: Vec<u32> = texts.iter().flat_map(|text| padded(text.as_ref())).collect();
        Ok(Tensor::from_vec(ids, (texts.len(), width), device)?)
    }

    /// The ids as a tensor, `[texts, tokens]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] when the device has no memory left.
    pub fn ids(&self, device: &Device) -> Result<Tensor> {
        let tokens = self.rows.first().map_or(0, Vec::len);
        Ok(Tensor::from_vec(self.rows.concat(), (self.rows.len(), tokens), device)?)
    }
}

impl Tokenizer {
    /// Bytes of the largest `tokenizer.json` that is read; CLIP's has 1.7 to 3.7 million.
    pub const MAX_BYTES: usize = 16 << 20;

    /// OpenAI CLIP's vocabulary of 49,408 tokens and context of 77.
    ///
    /// # Errors
    ///
    /// None for the vocabulary as it is published with this crate.
    pub fn clip() -> Result<Self> {
        Self::new(vocabulary::clip()?)
    }

    /// Reads a `tokenizer.json` of the Hugging Face library, which must be of CLIP's kind: its normalisation and
    /// splitting are CLIP's whatever the file says, only vocabulary and merges come from the file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a file that is too large, damaged, of another kind, or contradicts itself.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        if json.len() > Self::MAX_BYTES {
            let reason = format!("it has {} bytes, at most {} are read", json.len(), Self::MAX_BYTES);
            return Err(Error::invalid("tokenizer", reason));
        }
        Self::new(vocabulary::parse(json)?)
    }

    /// Reads a `tokenizer.json` file, see [`from_json`](Self::from_json).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for a file that cannot be read, and those of [`from_json`](Self::from_json).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_json(&crate::bounded::read(path, Self::MAX_BYTES)?)
    }

    fn new(Vocabulary { ids, merges }: Vocabulary) -> Result<Self> {
        let special = |token: &str| {
            let missing = || Error::invalid("tokenizer", format!("the vocabulary has no `{token}`"));
            ids.get(token).copied().ok_or_else(missing)
        };
        let (start, end) = (special(START)?, special(END)?);
        let model = BPE::builder()
            .vocab_and_merges(ids.into_iter().collect::<tokenizers::models::bpe::Vocab>(), merges)
            .unk_token(END.to_owned())
            .end_of_word_suffix(END_OF_WORD.to_owned())
            .build()
            .map_err(refused)?;
        let mut inner = tokenizers::Tokenizer::new(model);
        let spaces =
            Replace::new(tokenizers::normalizers::replace::ReplacePattern::Regex(r"\s+".to_owned()), " ");
        let normalizer = Sequence::new(vec![
            NormalizerWrapper::NFC(NFC),
            NormalizerWrapper::Replace(spaces.map_err(refused)?),
            NormalizerWrapper::Lowercase(Lowercase),
        ]);
        inner.with_normalizer(Some(normalizer)).map_err(refused)?;
        let words = SplitPattern::Regex(WORDS.to_owned());
        let words = Split::new(words, SplitDelimiterBehavior::Removed, true).map_err(refused)?;
        let bytes = ByteLevel::new(false, true, true);
        inner.with_pre_tokenizer(Some(tokenizers::pre_tokenizers::sequence::Sequence::new(vec![
            PreTokenizerWrapper::Split(words),
            PreTokenizerWrapper::ByteLevel(bytes),
        ])));
        let special = |token: &str| AddedToken::from(token, true).normalized(false);
        inner.add_special_tokens([special(START), special(END)]).map_err(refused)?;
        Ok(Self { inner, start, end, context: 77, padding: Padding::default() })
    }

    /// With another context than 77 tokens, start and end counted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] below 2 or above 65536.
    pub fn with_context(mut self, tokens: usize) -> Result<Self> {
        if !(2..=65536).contains(&tokens) {
            let expected = "between 2 (start and end) and 65536";
            return Err(Error::InvalidConfig { field: "context", value: tokens as f64, expected });
        }
        self.context = tokens;
        Ok(self)
    }

    /// With another padding.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// Id of the token that ends a text.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The token of an id as the vocabulary spells it, for display: `stiff</w>` ends a word.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Token ids of texts. A text that does not fit keeps its first tokens and the end token, and is counted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] when the library refuses a text.
    pub fn encode_batch<T: AsRef<str>>(&self, texts: &[T]) -> Result<Tokens> {
        let mut truncated = 0;
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            let encoding = self.inner.encode_fast(text.as_ref(), false);
            let encoding = encoding
                .map_err(|error| Error::InvalidInput { argument: "texts", reason: error.to_string() })?;
            let most = self.context - 2;
            let ids = encoding.get_ids();
            truncated += usize::from(ids.len() > most);
            let mut row = Vec::with_capacity(ids.len().min(most) + 2);
            row.push(self.start);
            row.extend(ids.iter().take(most));
            row.push(self.end);
            rows.push(row);
        }
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let width = match self.padding {
            Padding::Longest => lengths.iter().copied().max().unwrap_or(0),
            Padding::Context => self.context,
        };
        rows.iter_mut().for_each(|row| row.resize(width, self.end));
        Ok(Tokens { rows, lengths, truncated })
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: tokenizers::Error) -> Error {
    Error::invalid("tokenizer", error.to_string())
}
