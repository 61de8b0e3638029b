"""Results read, scored and summed up."""
