"""What a text says about its author: pure functions and values."""
