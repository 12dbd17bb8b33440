"""Ministry and system files."""
