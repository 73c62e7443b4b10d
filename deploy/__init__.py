"""How the suite is packed and put on machines."""
