"""Reading prompts that others wrote elsewhere: files and pasted text become `Found` prompts. Pure; nothing here trusts a file."""
