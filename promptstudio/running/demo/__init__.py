"""The demo: a claims department at work. Told through the same services that its people would use."""
