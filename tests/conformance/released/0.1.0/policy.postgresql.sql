CREATE TABLE annotations (
	account VARCHAR NOT NULL,
	key VARCHAR NOT NULL,
	body TEXT NOT NULL,
	CONSTRAINT annotations_pkey PRIMARY KEY (account, key)
);
CREATE TABLE appeals (
	account VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	decision VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	due_us BIGINT NOT NULL,
	version BIGINT NOT NULL,
	body TEXT NOT NULL,
	CONSTRAINT appeals_pkey PRIMARY KEY (account, id)
);
CREATE INDEX appeals_by_urgency ON appeals (state, due_us, account, id);
CREATE TABLE audit (
	id VARCHAR NOT NULL,
	audit_us BIGINT NOT NULL,
	identity VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	detail TEXT NOT NULL,
	CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX ix_audit_audit_us ON audit (audit_us);
CREATE TABLE breakers (
	name VARCHAR NOT NULL,
	is_open BOOLEAN NOT NULL,
	reason TEXT NOT NULL,
	identity VARCHAR NOT NULL,
	update_us BIGINT NOT NULL,
	CONSTRAINT breakers_pkey PRIMARY KEY (name)
);
CREATE TABLE cases (
	id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	open_key VARCHAR,
	due_us BIGINT NOT NULL,
	version BIGINT NOT NULL,
	body TEXT NOT NULL,
	CONSTRAINT cases_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX cases_by_open_key ON cases (open_key);
CREATE INDEX cases_by_urgency ON cases (state, due_us, id);
CREATE TABLE content_measures (
	account VARCHAR NOT NULL,
	content VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	recommended BOOLEAN NOT NULL,
	decision VARCHAR NOT NULL,
	CONSTRAINT content_measures_pkey PRIMARY KEY (account, content)
);
CREATE TABLE counters (
	name VARCHAR NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT counters_pkey PRIMARY KEY (name)
);
CREATE TABLE cursors (
	name VARCHAR NOT NULL,
	cursor TEXT NOT NULL,
	owner VARCHAR NOT NULL,
	token BIGINT NOT NULL,
	lease_us BIGINT NOT NULL,
	CONSTRAINT cursors_pkey PRIMARY KEY (name)
);
CREATE TABLE decision_log (
	account VARCHAR NOT NULL,
	sequence BIGINT NOT NULL,
	kind VARCHAR NOT NULL,
	event_us BIGINT NOT NULL,
	body TEXT NOT NULL,
	entry_hash VARCHAR NOT NULL,
	CONSTRAINT decision_log_pkey PRIMARY KEY (account, sequence)
);
CREATE TABLE decisions (
	account VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	sequence BIGINT NOT NULL,
	decide_us BIGINT NOT NULL,
	tier INTEGER NOT NULL,
	ruleset_digest VARCHAR NOT NULL,
	decider VARCHAR NOT NULL,
	identity VARCHAR NOT NULL,
	entry_hash VARCHAR NOT NULL,
	body TEXT NOT NULL,
	evidence TEXT NOT NULL,
	switches TEXT NOT NULL,
	CONSTRAINT decisions_pkey PRIMARY KEY (account, id)
);
CREATE INDEX decisions_by_account_time ON decisions (account, sequence);
CREATE INDEX decisions_by_time ON decisions (decide_us, account, id);
CREATE TABLE epochs (
	name VARCHAR NOT NULL,
	epoch VARCHAR NOT NULL,
	CONSTRAINT epochs_pkey PRIMARY KEY (name)
);
CREATE TABLE firings (
	rule VARCHAR NOT NULL,
	hour_us BIGINT NOT NULL,
	count BIGINT NOT NULL,
	CONSTRAINT firings_pkey PRIMARY KEY (rule, hour_us)
);
CREATE TABLE notices (
	account VARCHAR NOT NULL,
	sequence BIGINT NOT NULL,
	key VARCHAR NOT NULL,
	decision VARCHAR NOT NULL,
	outbox_sequence BIGINT NOT NULL,
	create_us BIGINT NOT NULL,
	hand_over_us BIGINT,
	acknowledge_us BIGINT,
	body TEXT NOT NULL,
	CONSTRAINT notices_pkey PRIMARY KEY (account, sequence)
);
CREATE UNIQUE INDEX notices_by_key ON notices (account, key);
CREATE UNIQUE INDEX notices_by_outbox ON notices (outbox_sequence);
CREATE TABLE policy_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT policy_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE posts (
	account VARCHAR NOT NULL,
	reset_us BIGINT NOT NULL,
	activity VARCHAR NOT NULL,
	CONSTRAINT posts_pkey PRIMARY KEY (account, reset_us, activity)
);
CREATE TABLE request_ids (
	method VARCHAR NOT NULL,
	request_id VARCHAR NOT NULL,
	request_hash VARCHAR NOT NULL,
	response BYTEA NOT NULL,
	create_us BIGINT NOT NULL,
	CONSTRAINT request_ids_pkey PRIMARY KEY (method, request_id)
);
CREATE TABLE rulesets (
	digest VARCHAR NOT NULL,
	yaml TEXT NOT NULL,
	stage VARCHAR NOT NULL,
	author VARCHAR NOT NULL,
	approver VARCHAR NOT NULL,
	proposer VARCHAR NOT NULL,
	create_us BIGINT NOT NULL,
	update_us BIGINT NOT NULL,
	live_sequence BIGINT NOT NULL,
	CONSTRAINT rulesets_pkey PRIMARY KEY (digest)
);
CREATE TABLE standings (
	account VARCHAR NOT NULL,
	revision BIGINT NOT NULL,
	change_sequence BIGINT NOT NULL,
	tier INTEGER NOT NULL,
	interaction_tier INTEGER NOT NULL,
	due_us BIGINT,
	head_sequence BIGINT NOT NULL,
	head_hash VARCHAR NOT NULL,
	update_us BIGINT NOT NULL,
	state TEXT NOT NULL,
	CONSTRAINT standings_pkey PRIMARY KEY (account)
);
CREATE UNIQUE INDEX standings_by_change ON standings (change_sequence);
CREATE INDEX standings_by_due ON standings (due_us);
CREATE INDEX standings_by_tier ON standings (tier, account);
INSERT INTO policy_version (version_num) VALUES ('0004');
