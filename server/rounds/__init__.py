"""What is done beside serving, again and again: alerts sent, drills begun, readers told, builds fetched."""
