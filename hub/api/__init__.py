"""What the hub answers over HTTP. So far the inbox, where departments post; nothing answers that is not named in it."""
