"""TruePen: policy asks accounts, accounts asks detector, nobody asks back."""
