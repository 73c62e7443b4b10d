"""What policy is: evidence, rules, ladder, log and standing. Pure."""
