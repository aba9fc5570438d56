"""`makewhole init`: what is asked, how answers are tried, and the files that are written."""
