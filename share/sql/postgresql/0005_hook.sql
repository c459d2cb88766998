-- As in sqlite/0005_hook.sql.
CREATE TABLE hook (
	subscription BIGINT PRIMARY KEY,
	state  BIGINT NOT NULL,
	since  BIGINT NOT NULL,
	tries  BIGINT NOT NULL,
	due    BIGINT NOT NULL,
	sent   BIGINT NOT NULL,
	dead   BIGINT NOT NULL,
	last   BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	why    TEXT COLLATE "C" NOT NULL
);
CREATE TABLE delivery (
	subscription BIGINT NOT NULL,
	seq    BIGINT NOT NULL,
	lane   BIGINT NOT NULL,
	state  BIGINT NOT NULL,
	tries  BIGINT NOT NULL,
	due    BIGINT NOT NULL,
	at     BIGINT NOT NULL,
	status BIGINT NOT NULL,
	why    TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (subscription, seq)
);
CREATE INDEX delivery_state ON delivery (subscription, state, seq);
