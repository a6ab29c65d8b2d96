"""What several pages use: the player, the engraved score, downloads, the tune and the library of the visit."""
