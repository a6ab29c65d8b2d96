"""Form plans: what each bar of a tune is to be. As a value, as text, read off a tune, drawn from a corpus, edited."""
