"""Is this text a person's? Stateless: text in, calibrated assessment out."""
