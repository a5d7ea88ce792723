"""What is looked at before a letter is sent: many small checks on the very bytes that would leave."""
