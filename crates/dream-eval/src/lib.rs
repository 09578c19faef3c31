//! Correlation and error metrics for quality prediction
