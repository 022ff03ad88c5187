"""What the hub's events and feeds mean: Avro schemas and data contracts, as files."""
