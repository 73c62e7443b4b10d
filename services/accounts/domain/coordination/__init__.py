"""Which accounts act together: found over all accounts, apart from the fold.

An account is implicated by what it did *after* others, so whoever is copied is
not. What it did is compared with the same acts shifted in time.
"""
