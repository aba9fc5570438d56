"""How a manager writes and reads policies: workbooks, pages and templates to start from."""
