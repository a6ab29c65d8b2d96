"""What a network reads beside the current character: lookback, clock, plan. Functions of the text read so far."""
