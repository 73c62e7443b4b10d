"""Rows in and out. Each function works inside the transaction it is given."""
