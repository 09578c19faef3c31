//! Differentiable losses for quality and photorealism prediction, on candle tensors
