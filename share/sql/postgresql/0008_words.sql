-- Which words occur in current versions, for _text and _content (record/words.h). Derived. Only which
-- words a row has is kept, not where.
CREATE TABLE words (
	person   bigint NOT NULL,
	resource bigint NOT NULL,
	list     tsvector NOT NULL,
	PRIMARY KEY (person, resource)
);
CREATE INDEX words_list ON words USING gin (list);
