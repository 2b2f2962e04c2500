"""What a program asks: editions, criteria, obligations and their measurable parameters."""
