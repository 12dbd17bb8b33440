"""What every room uses: descriptions of fields, periods, frames, files."""
