CREATE TABLE account_models (
	account VARCHAR NOT NULL,
	model_digest VARCHAR NOT NULL,
	CONSTRAINT account_models_pkey PRIMARY KEY (account, model_digest)
);
CREATE INDEX account_models_by_model ON account_models (model_digest, account);
CREATE TABLE accounts (
	account VARCHAR NOT NULL,
	kind INTEGER NOT NULL,
	create_us BIGINT,
	follower_count BIGINT,
	time_zone VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	protected BOOLEAN NOT NULL,
	presence_us BIGINT,
	first_seen_us BIGINT NOT NULL,
	update_us BIGINT NOT NULL,
	CONSTRAINT accounts_pkey PRIMARY KEY (account)
);
CREATE TABLE accounts_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT accounts_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE activities (
	account VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	event_us BIGINT NOT NULL,
	record_us BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	score_state INTEGER NOT NULL,
	digest BYTEA NOT NULL,
	facts BYTEA NOT NULL,
	text_length BIGINT NOT NULL,
	fingerprint BYTEA,
	CONSTRAINT activities_pkey PRIMARY KEY (account, id)
);
CREATE INDEX activities_by_time ON activities (account, event_us, id);
CREATE TABLE annotations (
	account VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	truth INTEGER NOT NULL,
	source VARCHAR NOT NULL,
	decision VARCHAR NOT NULL,
	since_us BIGINT,
	create_us BIGINT NOT NULL,
	CONSTRAINT annotations_pkey PRIMARY KEY (account, id)
);
CREATE TABLE audit (
	id VARCHAR NOT NULL,
	audit_us BIGINT NOT NULL,
	caller VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	detail BYTEA NOT NULL,
	CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX ix_audit_audit_us ON audit (audit_us);
CREATE TABLE log_epoch (
	id INTEGER NOT NULL,
	epoch VARCHAR NOT NULL,
	CONSTRAINT log_epoch_pkey PRIMARY KEY (id)
);
CREATE TABLE partitions (
	partition INTEGER NOT NULL,
	sequence BIGINT NOT NULL,
	CONSTRAINT partitions_pkey PRIMARY KEY (partition)
);
CREATE TABLE pending_texts (
	account VARCHAR NOT NULL,
	activity VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	text_us BIGINT NOT NULL,
	text BYTEA NOT NULL,
	due_us BIGINT NOT NULL,
	claim VARCHAR NOT NULL,
	attempts INTEGER NOT NULL,
	dead BOOLEAN NOT NULL,
	attempt_us BIGINT NOT NULL,
	error BYTEA NOT NULL,
	CONSTRAINT pending_texts_pkey PRIMARY KEY (account, activity)
);
CREATE INDEX pending_texts_by_attempt ON pending_texts (dead, attempt_us, account, activity);
CREATE INDEX pending_texts_by_claim ON pending_texts (claim);
CREATE INDEX pending_texts_by_due ON pending_texts (dead, due_us);
CREATE TABLE profiles (
	account VARCHAR NOT NULL,
	partition INTEGER NOT NULL,
	revision BIGINT NOT NULL,
	change_sequence BIGINT NOT NULL,
	urgent_sequence BIGINT NOT NULL,
	change_us BIGINT NOT NULL,
	erased BOOLEAN NOT NULL,
	state BYTEA NOT NULL,
	CONSTRAINT profiles_pkey PRIMARY KEY (account)
);
CREATE UNIQUE INDEX profiles_by_change ON profiles (partition, change_sequence);
CREATE TABLE quarantined_models (
	model_digest VARCHAR NOT NULL,
	reason BYTEA NOT NULL,
	create_us BIGINT NOT NULL,
	CONSTRAINT quarantined_models_pkey PRIMARY KEY (model_digest)
);
CREATE TABLE reporters (
	reporter VARCHAR NOT NULL,
	report_count INTEGER NOT NULL,
	confirmed_count INTEGER NOT NULL,
	unfounded_count INTEGER NOT NULL,
	mute_us BIGINT,
	CONSTRAINT reporters_pkey PRIMARY KEY (reporter)
);
CREATE TABLE reports (
	target VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	contents BYTEA NOT NULL,
	category INTEGER NOT NULL,
	reporter VARCHAR NOT NULL,
	note BYTEA NOT NULL,
	state INTEGER NOT NULL,
	notice INTEGER NOT NULL,
	merged_into VARCHAR NOT NULL,
	finding INTEGER NOT NULL,
	weight DOUBLE PRECISION NOT NULL,
	create_us BIGINT NOT NULL,
	update_us BIGINT NOT NULL,
	change_sequence BIGINT NOT NULL,
	CONSTRAINT reports_pkey PRIMARY KEY (target, id)
);
CREATE UNIQUE INDEX reports_by_change ON reports (change_sequence);
CREATE UNIQUE INDEX reports_by_id ON reports (id);
CREATE INDEX reports_by_reporter ON reports (reporter, create_us);
CREATE INDEX reports_by_time ON reports (create_us, id);
CREATE TABLE requests (
	method VARCHAR NOT NULL,
	request_id VARCHAR NOT NULL,
	request_hash VARCHAR NOT NULL,
	response BYTEA NOT NULL,
	create_us BIGINT NOT NULL,
	CONSTRAINT requests_pkey PRIMARY KEY (method, request_id)
);
CREATE TABLE scores (
	account VARCHAR NOT NULL,
	activity VARCHAR NOT NULL,
	model_digest VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	text_us BIGINT NOT NULL,
	score_us BIGINT NOT NULL,
	log_likelihood_ratio DOUBLE PRECISION NOT NULL,
	ai_probability DOUBLE PRECISION NOT NULL,
	verdict VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	chars_scored INTEGER NOT NULL,
	shadow BOOLEAN NOT NULL,
	CONSTRAINT scores_pkey PRIMARY KEY (account, activity, model_digest)
);
INSERT INTO accounts_version (version_num) VALUES ('0001');
