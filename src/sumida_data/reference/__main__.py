"""Write the reference pages: ``python -m sumida_data.reference``."""

from sumida_data.reference import main

main()
