"""The `truepen` command."""
