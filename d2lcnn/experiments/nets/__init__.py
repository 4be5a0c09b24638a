"""Networks that one experiment alone is about; torch is loaded with them, and not with the experiments."""
