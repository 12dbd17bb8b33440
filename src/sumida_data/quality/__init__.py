"""What is promised of the data, and the proof that it is kept."""
