"""What the parts of a dump look like, one TOML file per form of dump."""
