"""Many municipalities in one project; each is a unit of work of its own."""
