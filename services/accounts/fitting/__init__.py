"""Offline scripts that fit `domain/fitted.py`; serving never imports them."""
