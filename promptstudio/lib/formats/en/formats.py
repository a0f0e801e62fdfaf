"""Times where Django writes them itself, as the pages have them: of 24 hours."""

DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
