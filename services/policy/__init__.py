"""Decides what is done about accounts, and tells them: rules, standings, notices."""
