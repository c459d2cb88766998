-- Which words occur in current versions, for _text and _content (record/words.h). Derived. A row is
-- a resource: rowid = person << 32 | resource. Only which words a row has is kept, not where.
CREATE VIRTUAL TABLE words USING fts5 (
	list, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '.~'"
);
-- For proving: in how many rows each word is.
CREATE VIRTUAL TABLE words_known USING fts5vocab (words, row);
