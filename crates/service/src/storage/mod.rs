//! Where files are kept: a folder, or a store that speaks S3. Knows bytes and keys, and nothing of what they mean.
