"""The round: which return counts, what is carried forward, who has not answered."""
