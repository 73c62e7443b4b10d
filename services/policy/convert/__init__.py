"""The wire and the domain, in both directions. Pure."""
