"""What accounts do and what follows from it. Pure: no I/O, no clock, no wire."""
