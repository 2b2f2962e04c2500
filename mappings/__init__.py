"""Which obligation answers which control: the catalogue, the maps between editions and controls, reviews."""
