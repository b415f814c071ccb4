"""Networks, the quantiser and the file they live in."""
