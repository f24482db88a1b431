"""Turns Label Studio exports into gated, versioned parquet training sets."""
