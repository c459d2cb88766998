-- Whose a resource is that the server goes on serving by itself (a Subscription): account.key of who wrote it
-- last, -1 nobody. What is sent is what the owner may see then. No row: the system's own.
CREATE TABLE owner (
	resource INTEGER PRIMARY KEY, -- resource.key
	account  INTEGER NOT NULL
);
