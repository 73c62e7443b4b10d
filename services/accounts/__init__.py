"""Owns what accounts did, and the profile that follows from it."""
