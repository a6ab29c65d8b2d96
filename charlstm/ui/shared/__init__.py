"""What several pages use: the player, the engraved score, downloads, the tune of the session."""
