-- Passkeys (https://www.w3.org/TR/webauthn-2/): what a device proves to have with each signature. No secrets.
CREATE TABLE passkey (
	key     BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	id      BYTEA  NOT NULL, -- the device's name for it
	public  BYTEA  NOT NULL, -- SubjectPublicKeyInfo
	counter BIGINT NOT NULL, -- signatures it had made when it was last used; 0: it does not count
	name    TEXT   NOT NULL, -- what its owner calls it
	made    BIGINT NOT NULL,
	used    BIGINT NOT NULL  -- 0 never
);
CREATE UNIQUE INDEX passkey_id ON passkey (id);
CREATE INDEX passkey_account ON passkey (account);
ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
