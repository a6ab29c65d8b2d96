"""The page Listening test: two tunes without names, and what visitors make of them."""
