"""What a lake keeps, as its owner writes it down: policy files."""
