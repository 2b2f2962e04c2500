"""Which obligation answers which control: the catalogue, the maps, their algebra and their review."""
