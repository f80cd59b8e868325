"""The status page: what it shows, and that nothing of a catalogue becomes markup."""
