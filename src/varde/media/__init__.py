"""Bytes to pixels, frames and capture metadata: sniffing and decoding under limits."""
