-- Passkeys (https://www.w3.org/TR/webauthn-2/): what a device proves to have with each signature. No secrets.
CREATE TABLE passkey (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	id      BLOB    NOT NULL, -- the device's name for it
	public  BLOB    NOT NULL, -- SubjectPublicKeyInfo
	counter INTEGER NOT NULL, -- signatures it had made when it was last used; 0: it does not count
	name    TEXT    NOT NULL, -- what its owner calls it
	made    INTEGER NOT NULL,
	used    INTEGER NOT NULL  -- 0 never
);
CREATE UNIQUE INDEX passkey_id ON passkey (id);
CREATE INDEX passkey_account ON passkey (account);
