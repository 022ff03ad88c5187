"""Reports: what people look at, in Chinese and English, drawn from queries and counts."""
