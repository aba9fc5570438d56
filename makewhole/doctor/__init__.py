"""What `makewhole doctor` tries: inside (files, database, queue) and outside (the vendors)."""
