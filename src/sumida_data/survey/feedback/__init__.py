"""What a department gets back: its findings, and how to mend them."""
