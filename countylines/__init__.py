"""countylines."""
